import os
from types import SimpleNamespace

from atoll_activity import home
from atoll_activity.home import Meter, count, own_volume


class Clock:
    def __init__(self, *, step=0.0):
        self.now, self._step = 0.0, step

    def __call__(self):
        self.now += self._step
        return self.now


def test_files_count_once_and_links_are_not_followed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "data").write_bytes(os.urandom(1 << 20))
    before, complete = count(tmp_path, 10)
    assert complete
    assert 1 << 20 <= before < (1 << 20) + (1 << 16)
    os.link(tmp_path / "a" / "data", tmp_path / "again")
    os.symlink("/", tmp_path / "everything")
    after, _ = count(tmp_path, 10)
    assert after - before < 1 << 16


def test_a_count_ends_with_its_time(tmp_path):
    for n in range(20):
        (tmp_path / str(n)).mkdir()
    used, complete = count(tmp_path, budget=5, clock=Clock(step=1))
    assert not complete
    assert used >= 0


def test_a_count_is_repeated_seldom(tmp_path, monkeypatch):
    counts = []
    monkeypatch.setattr(home, "own_volume", lambda *_: None)
    monkeypatch.setattr(home, "count", lambda *_: counts.append(1) or (5, True))
    clock = Clock()
    meter = Meter(tmp_path, 10, clock)
    assert meter.measure() == {"used": 5, "size": 10, "enforced": False, "complete": True}
    clock.now = 599
    meter.measure()
    assert len(counts) == 1
    clock.now = 601
    meter.measure()
    assert len(counts) == 2


def test_a_slow_count_is_repeated_more_seldom(tmp_path, monkeypatch):
    clock = Clock()

    def slow(*_):
        counts.append(1)
        clock.now += 10
        return 5, False

    counts = []
    monkeypatch.setattr(home, "own_volume", lambda *_: None)
    monkeypatch.setattr(home, "count", slow)
    meter = Meter(tmp_path, 10, clock)
    meter.measure()
    clock.now = 1000
    meter.measure()
    assert len(counts) == 1
    clock.now = 1011
    meter.measure()
    assert len(counts) == 2


def test_a_volume_of_its_own_is_known_without_counting(tmp_path, monkeypatch):
    stat = SimpleNamespace(f_blocks=1000, f_frsize=1024, f_bavail=250)
    monkeypatch.setattr(os, "statvfs", lambda _: stat)
    use = own_volume(tmp_path, 1000 * 1024)
    assert (use.used, use.size, use.enforced, use.complete) == (750 * 1024, 1000 * 1024, True, True)
    assert own_volume(tmp_path, 500 * 1024) is None


def test_without_a_size_there_is_nothing_to_tell(tmp_path):
    assert Meter(tmp_path, 0).measure() is None
