"""What strace tells is read right: only a sync after the write and before the answer proves anything."""

import pytest

from tests.faults.traced import Submit, Trace, read

WRITE = '7 10.2 pwrite64(5</x/gatehouse.db-wal>, "..Till 1..", 4096, 56) = 4096 <0.000020>'
SYNC = "7 10.3 fdatasync(5</x/gatehouse.db-wal>) = 0 <0.100000>"
SUBMIT = Submit("Till 1", 10.0, 11.0)


def traced(*lines: str) -> Trace:
    return read(iter(lines))


def test_a_write_and_then_a_sync_while_the_request_waits_prove_it() -> None:
    assert traced(WRITE, SYNC).proves(SUBMIT)


def test_a_sync_that_is_interleaved_with_other_threads_is_pieced_together() -> None:
    begun, other = "7 10.3 fdatasync(5</x/gatehouse.db-wal> <unfinished ...>", "8 10.31 pwrite64(9</x/log>, 1) = 1 <0>"
    assert traced(WRITE, begun, other, "7 10.4 <... fdatasync resumed>) = 0 <0.100000>").proves(SUBMIT)


@pytest.mark.parametrize(
    "lines",
    [
        (WRITE,),
        (SYNC,),
        (SYNC.replace("10.3", "10.1"), WRITE),
        (WRITE, SYNC.replace("0.100000", "0.800000")),
        (WRITE, SYNC.replace("-wal", "")),
        (WRITE, SYNC.replace("= 0", "= -1 EIO")),
        (WRITE.replace("Till 1", "Till 2"), SYNC),
        (WRITE.replace("10.2", "9.9"), SYNC),
        (WRITE, SYNC.replace(") = 0 <0.100000>", " <unfinished ...>")),
    ],
)
def test_anything_less_proves_nothing(lines: tuple[str, ...]) -> None:
    assert not traced(*lines).proves(SUBMIT)
