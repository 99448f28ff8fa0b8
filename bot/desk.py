"""The use cases as handlers see them: asynchronous outside, one plain transaction each inside (HOUSE 2)."""

from bot.accounts import Accounts
from bot.domain.apis import Api, ApiPage
from bot.domain.clients import Client, ClientDraft, ClientPage
from bot.domain.contracts import Contract, Offer, Queue, SignUpDraft, Verdict
from bot.domain.help import Abilities
from bot.domain.notifications import Kind
from bot.domain.organizations import Choices
from bot.domain.people import Person, Profile
from bot.domain.sign_up import SignUp
from bot.errors import Refusal
from bot.store.unit import Unit
from bot.usecases import (
    apis,
    approvals,
    clients,
    contracts,
    copies,
    help,
    organizations,
    sign_up_drafts,
    talking,
)
from bot.usecases.clients import Start


class Desk(Accounts):
    """Everything a person can do, one method each."""

    async def visible_organizations(self, profile: Profile, text: str) -> Choices:
        """Return organizations to narrow a list to while somebody types."""
        return await self._read(organizations.visible_organizations, self._rules, profile, text)

    async def organizations(self, profile: Profile, text: str) -> Choices:
        """Return organizations to choose from while somebody types."""
        return await self._read(organizations.choices, self._rules, profile, text)

    async def begin_client(self, profile: Profile, *, text: str = "", organization_id: str = "") -> Start:
        """Return how the wizard opens (SPEC 2.1)."""
        return await self._read(clients.begin_client, self._rules, profile, text=text, organization_id=organization_id)

    async def continue_draft(self, person: Person, offered_id: str, draft_id: str) -> ClientDraft:
        """Return the offered draft, to go on with under a fresh id."""
        return await self._write(clients.continue_draft, person, offered_id, draft_id)

    async def start_over(self, person: Person) -> None:
        """Offer none of somebody's drafts again."""
        await self._write(clients.start_over, person)

    async def recall_draft(self, profile: Profile, draft_id: str, organization_id: str = "") -> ClientDraft:
        """Return what was typed so far in a window of the wizard; an empty draft if nothing was kept."""
        return await self._read(clients.recall_draft, self._rules, profile, draft_id, organization_id)

    async def keep_draft(self, person: Person, draft: ClientDraft) -> None:
        """Write down what was typed."""
        await self._write(clients.keep_draft, person, draft)

    async def forget_draft(self, person: Person, draft_id: str) -> None:
        """Cancel: leave nothing."""
        await self._write(clients.forget_draft, person, draft_id)

    async def choose_organization(self, profile: Profile, draft: ClientDraft) -> ClientDraft:
        """Step 1 done: check the organization and keep it."""
        return await self._write(clients.choose_organization, self._rules, profile, draft)

    async def check_details(self, profile: Profile, draft: ClientDraft) -> dict[str, Refusal]:
        """Step 2 done: keep the entries and return what is wrong with them, by field."""
        return await self._write(clients.check_details, self._rules, profile, draft)

    async def create_client(self, profile: Profile, draft_id: str) -> Client:
        """Step 3 done: make the client, once."""
        return await self._write(clients.create_client, self._rules, profile, draft_id)

    async def client_details(self, profile: Profile, client_id: str) -> Client:
        """Return a client as somebody sees it."""
        return await self._read(clients.show_client, self._rules, profile, client_id)

    async def list_clients(self, profile: Profile, *, page: int = 0, organization_id: str = "") -> ClientPage:
        """Return a page of the clients somebody may see."""
        return await self._read(clients.list_clients, self._rules, profile, page=page, organization_id=organization_id)

    async def edit_description(self, profile: Profile, client_id: str, text: str) -> Client:
        """Change a client's description."""
        return await self._write(clients.edit_description, self._rules, profile, client_id, text)

    async def begin_sign_up(self, profile: Profile, offer_id: str) -> SignUp:
        """Return how the sign-up wizard opens (SPEC 4.1)."""
        return await self._read(contracts.begin_sign_up, self._rules, profile, offer_id)

    async def look_again(self, profile: Profile, draft: SignUpDraft) -> SignUp:
        """Return the state of the sign-up wizard for a draft."""
        return await self._read(contracts.look_again, self._rules, profile, draft)

    async def recall_sign_up(self, person: Person, fresh: SignUpDraft) -> SignUpDraft:
        """Return what was typed so far in a window of the sign-up wizard; ``fresh`` if nothing was kept."""
        return await self._read(sign_up_drafts.recall_sign_up, person, fresh.id) or fresh

    async def keep_sign_up(self, person: Person, draft: SignUpDraft) -> None:
        """Write down what was typed."""
        await self._write(sign_up_drafts.keep_sign_up, person, draft)

    async def forget_sign_up(self, person: Person, draft_id: str) -> None:
        """Cancel: leave nothing."""
        await self._write(sign_up_drafts.forget_sign_up, person, draft_id)

    async def continue_sign_up(self, person: Person, offered_id: str, draft_id: str) -> SignUpDraft:
        """Return the offered sign-up draft, to go on with under a fresh id."""
        return await self._write(sign_up_drafts.continue_sign_up, person, offered_id, draft_id)

    async def start_sign_up_over(self, person: Person) -> None:
        """Offer none of somebody's sign-up drafts again."""
        await self._write(sign_up_drafts.start_sign_up_over, person)

    async def client_choices(self, person: Person, organization_id: str, text: str) -> Choices:
        """Return clients to sign up with while somebody types."""
        return await self._read(contracts.client_choices, self._rules, person, organization_id, text)

    async def check_client_step(self, profile: Profile, draft: SignUpDraft) -> tuple[SignUp, dict[str, Refusal]]:
        """Client step done: keep the entries and return what is wrong with them, by field."""
        return await self._write(contracts.check_client_step, self._rules, profile, draft)

    async def accept_terms(self, profile: Profile, draft: SignUpDraft, ticked: str) -> SignUp:
        """Terms step done: keep what was accepted."""
        return await self._write(contracts.accept_terms, self._rules, profile, draft, ticked)

    async def sign_up(self, profile: Profile, draft_id: str) -> Contract:
        """Summary confirmed: make the contract, once."""
        return await self._write(contracts.sign_up, self._rules, profile, draft_id)

    async def decide(self, profile: Profile, contract_id: str, verdict: Verdict, reason: str = "") -> Contract:
        """Approve or reject, once."""
        return await self._write(approvals.decide, self._rules, profile, contract_id, verdict, reason)

    async def withdraw(self, profile: Profile, contract_id: str) -> Contract:
        """Take one's own request back."""
        return await self._write(approvals.withdraw, self._rules, profile, contract_id)

    async def claim(self, profile: Profile, contract_id: str) -> Contract:
        """Say that one is looking at a request."""
        return await self._write(talking.claim, self._rules, profile, contract_id)

    async def ask_for_changes(self, profile: Profile, contract_id: str, question: str) -> Contract:
        """Ask the requester for changes."""
        return await self._write(talking.ask_for_changes, self._rules, profile, contract_id, question)

    async def begin_edit(self, profile: Profile, contract_id: str) -> tuple[Contract, tuple[Offer, ...]]:
        """Return a request that its requester may change, and the plans it could be for."""
        return await self._read(talking.begin_edit, self._rules, profile, contract_id)

    async def send_again(
        self, profile: Profile, contract_id: str, *, reason: str, offer_id: str, description: str
    ) -> Contract:
        """Send the same request again, changed."""
        changes = {"reason": reason, "offer_id": offer_id, "description": description}
        return await self._write(talking.send_again, self._rules, profile, contract_id, **changes)

    async def look(self, profile: Profile, contract_id: str) -> Contract:
        """Return a request before deciding it."""
        return await self._read(approvals.look, self._rules, profile, contract_id)

    async def queue(self, profile: Profile, *, page: int = 0, size: int = approvals.PAGE) -> Queue:
        """Return a page of what waits for somebody's decision."""
        return await self._read(approvals.queue, self._rules, profile, page=page, size=size)

    async def home(self, profile: Profile, *, waiting: int) -> tuple[ClientPage, Queue]:
        """Return what App Home shows: the first page of clients and the oldest ``waiting`` requests, at one moment."""

        def look(unit: Unit) -> tuple[ClientPage, Queue]:
            queue = approvals.queue(unit, self._rules, profile, size=waiting)
            return clients.list_clients(unit, self._rules, profile), queue

        return await self._read(look)

    async def redraw(self, person: Person, contract_id: str) -> None:
        """Have every copy of a request drawn again."""
        await self._write(approvals.redraw, person, contract_id)

    async def look_after(self, person: Person, contract_id: str, kind: Kind, channel: str, ts: str) -> None:
        """Have the message that a button of a request was pressed in taken away if it stands there twice."""
        where = (person, contract_id, kind, channel, ts)
        if await self._read(copies.is_extra, *where):
            await self._write(copies.note_extra, *where)

    async def find_apis(self, profile: Profile, *, text: str = "", page: int = 0) -> ApiPage:
        """Return a page of the APIs somebody may see that fit a text."""
        return await self._read(apis.find_apis, self._rules, profile, text=text, page=page)

    async def api_details(self, profile: Profile, api_version_id: str) -> Api:
        """Return an API version as somebody sees it."""
        return await self._read(apis.api_details, self._rules, profile, api_version_id)

    async def abilities(self, profile: Profile) -> Abilities:
        """Return what one person can do."""
        return await self._read(help.abilities, self._rules, profile)
