"""A small market of APIs for the journeys about signing up and approving."""

CATALOG = """
version: 1
organizations:
  - name: Acme Payments
    approval_channel: C0APPROVALS
    members:
      - {user: U0ADA, roles: [Owner]}
      - {user: U0PAT, roles: [Editor]}
    plans:
      - {name: Free, version: "1.0", description: "100 calls an hour"}
      - {name: Gold, version: "2.0", description: "10,000 calls an hour"}
    apis:
      - name: Payments
        version: "1.4"
        description: Take a payment, refund it.
        endpoint: https://api.acme.example/payments
        plans:
          - {plan: Free, version: "1.0"}
          - {plan: Gold, version: "2.0", requires_approval: true}
      - name: Ledger
        version: "2.0"
        terms: {url: "https://acme.example/terms", version: "2026-03"}
        plans:
          - {plan: Gold, version: "2.0", requires_approval: true}
  - name: Quiet Corner
    members:
      - {user: U0ADA, roles: [Owner]}
      - {user: U0PAT, roles: [Owner]}
    plans:
      - {name: Only, version: "1.0"}
    apis:
      - {name: Whisper, version: "1.0", plans: [{plan: Only, version: "1.0", requires_approval: true}]}
  - name: Nobody Home
    plans:
      - {name: Only, version: "1.0"}
    apis:
      - {name: Echo, version: "1.0", plans: [{plan: Only, version: "1.0", requires_approval: true}]}
  - name: Web Shop
    members:
      - {user: U0BOB, roles: [Client Developer]}
      - {user: U0EVE, roles: [Viewer]}
"""
