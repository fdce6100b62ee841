"""What one run is told, checked once, at construction, and never changed after.

``Config`` holds the machine and the runtime's settings, ``Costs`` the nanoseconds that the model charges for each
operation.  The defaults of ``Costs`` are measurements of Go 1.27.3 on a small virtual machine; ratios between runs
are what they are good for, not absolute times.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace

from gmp_lab import params
from gmp_lab.errors import ConfigError, check_bool, check_choice, check_int

MAX_PROCS = 256
STEALS = ("half", "one", "all", "off")
_MAX_NS = 3_600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Costs:
    """Nanoseconds charged for each operation (0 to 1e9 each); see runtime-spec section 9 for the measurements."""

    switch: int = 80  # scheduler's own time for one goroutine switch
    deaf: int = 80  # of each switch, the first so many ns are on g0: a request to preempt is lost then
    chan_op: int = 20  # a channel, WaitGroup, Cond or semaphore operation that does not switch
    select: int = 50  # a select of a few cases that does not switch
    new_timer: int = 140  # NewTimer, NewTicker, After, AfterFunc
    timer: int = 50  # Stop or Reset of a timer
    mutex: int = 6  # Lock or Unlock of a free Mutex or RWMutex
    spin: int = 750  # one turn of spinning for a Mutex: 30 PAUSE instructions
    go: int = 100  # the go statement
    new_g: int = 1_250  # on top of it, if no dead goroutine is left whose g and stack can be used again
    syscall: int = 55  # entersyscall plus exitsyscall, on top of the call itself
    steal: int = 300  # scanning and taking, without the sleep before a runnext
    sched_lock: int = 0  # what-if: so long the scheduler's lock is held for each G from the global queue; 0: free
    wake_m: int = 20_000  # futex wake until the thread runs, on a core that was idle
    handover_m: int = 3_000  # the same if the waking thread goes to sleep at once and leaves its core (LockOSThread)
    new_m: int = 20_000  # clone until the thread runs
    signal: int = 900  # tgkill until the handler runs
    suspend: int = 5_000  # on Windows: a thread is suspended, looked at and let go on (a guess: not measured)
    call: int = 4  # a call and its return, checked by the prologue
    stack_kb: int = 90  # growing or shrinking a stack, for each KiB that is copied
    stack_segment: int = 200  # up to 1.2: linking one more stack segment, or freeing it (a guess: not measured)
    malloc: int = 30  # allocating an object, without what its size costs
    malloc_kb: int = 300  # ... and for each KiB of it: fetching and zeroing fresh memory
    mark_object: int = 62  # marking one object, mostly waiting for memory (fitted to e8; 65 to 120 measured)
    mark_kb: int = 150  # ... and for each KiB in it that may hold pointers (fitted with it)
    mark_cold: int = 68  # percent more for assists and fractional workers, whose caches others use, too (fitted)
    scan_stack: int = 1_000  # scanning a stack, without what its size costs
    sweep_span: int = 300  # sweeping one span
    gc_pause: int = 10_000  # what a cycle does in each of its two stops of the world
    sysmon: int = 20_000  # CPU time of one round of sysmon, where the group's time is limited (16 to 26 us measured)
    usleep_slack: int = 75_000  # what every usleep lasts longer than asked for, on average
    usleep_jitter: int = (
        20_000  # spread of that slack: without it, loops and sysmon's rounds would keep in step
    )

    def __post_init__(self) -> None:
        for f in fields(self):
            check_int(f"costs.{f.name}", getattr(self, f.name), 0, 1_000_000_000, "ns")


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of one simulated process.

    gomaxprocs      number of Ps, 1..256; None = what Go takes if nobody sets it, worked out here, kept as a number:
                    from version, cores and quota (it follows the quota then, since 1.25)
    seed            of the one random generator, 0..2**63-1
    go              the Go version whose rules hold, a name of params.VERSIONS: "1.0" to "1.27"
    cores           CPUs that the operating system has for our threads, 1..256; None = always enough
    quota_us        CPU time that all threads together may use in each period, 1e3..1e9 us (cgroup: cpu.max);
                    None = no limit. Needs cores
    period_us       length of such a period, 1e3..1e6 us
    until_ns        simulated time at which the run is cut off if main has not returned, 1..3.6e12 ns
    asyncpreemptoff GODEBUG=asyncpreemptoff=1: no SIGURG, only the checks in function prologues
    schedtrace_ms   GODEBUG=schedtrace=N: print a line every N ms (0 = off); as in Go, keeps sysmon awake
    scheddetail     GODEBUG=scheddetail=1: every P, M and G then, not one line
    gcshrinkstackoff   GODEBUG=gcshrinkstackoff=1: the collector shrinks no stacks
    adaptivestackstart GODEBUG=adaptivestackstart: reused goroutines start with the average stack in use (1.19+)
    gogc            GOGC, in percent: -1 (off) to 100000
    gomemlimit      GOMEMLIMIT in bytes, 0..2**63-1 (the default: no limit)
    gctrace         GODEBUG=gctrace=1: a line after every cycle of the collector
    gcstoptheworld  GODEBUG=gcstoptheworld=1: marking is not concurrent, no user goroutine runs meanwhile
    os              "linux" or "windows": how threads are preempted, what a stack needs, how a thief waits
    quota_changes   ((t, us), ...): from t ns on (1..3.6e12, each later than the one before) quota_us is us (0: none)
    updatemaxprocs  GODEBUG=updatemaxprocs: GOMAXPROCS follows the quota if it is Go's default (1.25+)
    containermaxprocs  GODEBUG=containermaxprocs: Go's default for GOMAXPROCS looks at the quota (1.25+)
    auto_procs      gomaxprocs is Go's default; set by gomaxprocs=None, so that you need not
    initial_stack   what-if: bytes of a new goroutine's stack, a power of two from 2048 to 1 MiB; None: the version's
    steal           what-if: what a thief takes of a ring, one of STEALS; Go: "half". "off": nothing is stolen
    startup         "bare": main alone; "real": with the goroutines and ticks that a real program starts with
    max_events      guard against endless programs: engine steps, 1..1e9
    costs           see Costs

    Raises ConfigError for anything outside these ranges.
    """

    gomaxprocs: int = 4
    seed: int = 1
    go: str = "1.27"
    cores: int | None = None
    until_ns: int = 1_000_000_000
    asyncpreemptoff: bool = False
    schedtrace_ms: int = 0
    startup: str = "bare"
    max_events: int = 20_000_000
    costs: Costs = field(default_factory=Costs)
    scheddetail: bool = False
    gcshrinkstackoff: bool = False
    adaptivestackstart: bool = True
    gogc: int = 100
    gomemlimit: int = (1 << 63) - 1
    gctrace: bool = False
    gcstoptheworld: bool = False
    os: str = "linux"
    quota_us: int | None = None
    period_us: int = 100_000
    quota_changes: tuple[tuple[int, int], ...] = ()
    containermaxprocs: bool = True
    updatemaxprocs: bool = True
    auto_procs: bool = False
    steal: str = "half"
    initial_stack: int | None = None

    def __post_init__(self) -> None:
        check_int("seed", self.seed, 0, 2**63 - 1)
        params.version(self.go)
        if self.cores is not None:
            check_int("cores", self.cores, 1, MAX_PROCS)
        self._check_quota()
        self._check_procs()
        check_int("until_ns", self.until_ns, 1, _MAX_NS, "ns")
        check_bool("asyncpreemptoff", self.asyncpreemptoff)
        check_int("schedtrace_ms", self.schedtrace_ms, 0, 3_600_000, "ms")
        check_choice("startup", self.startup, ("bare", "real"))
        check_int("max_events", self.max_events, 1, 1_000_000_000)
        if not isinstance(self.costs, Costs):
            raise ConfigError("costs", self.costs, "a Costs(...)")
        check_choice("os", self.os, tuple(params.SYSTEMS))
        check_choice("steal", self.steal, STEALS)
        self._check_stack()
        check_bool("scheddetail", self.scheddetail)
        check_bool("gcshrinkstackoff", self.gcshrinkstackoff)
        check_bool("adaptivestackstart", self.adaptivestackstart)
        check_int("gogc", self.gogc, -1, 100_000, "percent")
        check_int("gomemlimit", self.gomemlimit, 0, 2**63 - 1, "bytes")
        check_bool("gctrace", self.gctrace)
        check_bool("gcstoptheworld", self.gcstoptheworld)

    def _check_stack(self) -> None:
        size = self.initial_stack
        if size is not None and check_int("initial_stack", size, 2048, 1 << 20, "bytes") & (size - 1):
            raise ConfigError("initial_stack", size, "a power of two from 2048 to 1048576 bytes, or None")

    @property
    def rules(self) -> params.Version:
        """The rules of the Go version on the operating system, with the initial stack that was asked for."""
        row = params.rules(self.go, self.os)
        return row if self.initial_stack is None else replace(row, stack_min=self.initial_stack)

    def _check_quota(self) -> None:
        check_int("period_us", self.period_us, 1_000, 1_000_000, "us")
        if self.quota_us is not None:
            check_int("quota_us", self.quota_us, 1_000, 1_000_000_000, "us")
        self._check_changes()
        if self.cores is None and (self.quota_us is not None or self.quota_changes):
            raise ConfigError("cores", None, "a number of cores, as quota_us limits what is used of them")

    def _check_changes(self) -> None:
        """Check quota_changes, and make tuples of lists."""
        try:
            changes = tuple((t, us) for t, us in self.quota_changes)
        except (TypeError, ValueError) as problem:
            wanted = "pairs of a time in ns and a quota in us"
            raise ConfigError("quota_changes", self.quota_changes, wanted) from problem
        before = 0
        for t, us in changes:
            before = check_int("quota_changes(time)", t, before + 1, _MAX_NS, "ns")
            if check_int("quota_changes(quota)", us, 0, 1_000_000_000, "us") and us < 1_000:
                raise ConfigError("quota_changes(quota)", us, "0 for no limit, or 1000 to 1000000000 us")
        object.__setattr__(self, "quota_changes", changes)

    def _check_procs(self) -> None:
        """Put Go's default in the place of gomaxprocs=None."""
        check_bool("containermaxprocs", self.containermaxprocs)
        check_bool("updatemaxprocs", self.updatemaxprocs)
        check_bool("auto_procs", self.auto_procs)
        asked = self.gomaxprocs is None
        if not asked:
            check_int("gomaxprocs", self.gomaxprocs, 1, MAX_PROCS)
        if not asked and not self.auto_procs:
            return
        default = self.default_gomaxprocs(self.quota_us)
        if not asked and self.gomaxprocs != default:
            raise ConfigError("gomaxprocs", self.gomaxprocs, f"None, or {default}, with auto_procs")
        object.__setattr__(self, "gomaxprocs", default)
        object.__setattr__(self, "auto_procs", True)

    def default_gomaxprocs(self, quota_us: int | None) -> int:
        """GOMAXPROCS that Go takes with these cores under a quota of so many us; ConfigError without cores."""
        version = params.version(self.go)
        if self.cores is None and version.default_procs != "one":
            raise ConfigError("cores", None, "a number of cores, as Go's default for GOMAXPROCS counts them")
        aware = quota_us is not None and self.containermaxprocs
        limit = quota_us / self.period_us if quota_us is not None and aware else None
        return params.default_gomaxprocs(version, self.cores or 1, limit)

    def to_dict(self) -> dict[str, object]:
        """Return the parameters as plain values, in the order of their definition."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> Config:
        """Build a Config from what to_dict returned; ConfigError for an unknown entry or one of a wrong type."""
        if not isinstance(values, dict):
            raise ConfigError("config", values, "a dict of parameters, as to_dict returns it")
        known = {f.name for f in fields(cls)}
        for name, value in values.items():
            if name not in known:
                raise ConfigError(name, value, "a parameter of Config: " + ", ".join(sorted(known)))
        given = dict(values)
        if isinstance(given.get("costs"), dict):
            given["costs"] = _costs(given["costs"])
        return cls(**given)  # __post_init__ checks each value


def _costs(values: dict[str, object]) -> Costs:
    known = {f.name for f in fields(Costs)}
    for name, value in values.items():
        if name not in known:
            raise ConfigError(f"costs.{name}", value, "a field of Costs: " + ", ".join(sorted(known)))
    return Costs(**values)  # type: ignore[arg-type]  # __post_init__ checks each value
