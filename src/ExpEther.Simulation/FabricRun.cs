using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Status;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Nvme.Driver;
using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Load;
using ExpEther.Simulation.Network;
using ExpEther.Simulation.Oracle;
using ExpEther.Simulation.Stations;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation;

/// <summary>
/// One seed's fabric from its first frame to its last. Three acts: <b>trouble</b>, with faults, load and commands; <b>recovery</b>, when all is
/// mended and every function must come back to its owner; <b>calm</b>, when every command must succeed in time, though boxes are
/// killed and started again, and at whose end every block
/// of every disk is read. In all of them the models say what may be read, and who owns what.
/// </summary>
internal sealed class FabricRun
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly ulong _seed;
    private readonly FaultCounts _counts = new();
    private readonly RunHash _hash = new();
    private readonly List<DiskModel> _models = [];
    private readonly Dictionary<string, DiskModel> _modelsByDisk = [];
    private readonly HashSet<string> _sharedDevices = [];
    private readonly FaultPlan _faults;
    private readonly KillsInCalm _kills;
    private Instant _now = new(1_000_000_000);
    private Instant _nextLook;
    private Instant _calmSince = Instant.Never;
    private long _operations;
    private readonly SharingCheck _sharing;
    private readonly AgreementCheck _agreement;

    public FabricRun(ulong seed, SimulationOptions options)
    {
        _seed = seed;
        Options = options;
        Trace = new Trace(options.KeepsWholeTrace);
        var random = new SeededRandom(seed ^ 0x5EED);
        Paths = new PathMtus(RandomFor("paths"));
        Network = new SimNetwork(seed * 7919, Paths, _counts, _hash);
        var key = new byte[32];
        random.Fill(key);
        var hosts = options.Hosts > 0 ? options.Hosts : 1 + random.Next(3);
        var boxes = options.Boxes > 0 ? options.Boxes : 1 + random.Next(2);
        var plan = SharingPlan.Choose(options.Sharing, RandomFor("sharing"));
        Settings = new FabricSettings(
            random.Chance(0.7), key, random.Chance(0.7) ? 1500 : 9000, 1 + random.Next(2), boxes * plan.FunctionsPerBox,
            TimeSpan.FromMilliseconds(20 + random.Next(600)));
        var isShared = random.Chance(0.3);
        Namespaces = new NamespaceBook(this);
        _sharing = new SharingCheck(this);
        for (var i = 0; i < hosts; i++)
        {
            Hosts.Add(new HostStation(
                this, Stations.Count, $"host{i + 1}", new MacAddress(0x02_00_00_00_01_00 + (ulong)i),
                new VlanId((ushort)(isShared ? 100 : 101 + i))));
            Stations.Add(Hosts[i]);
        }

        for (var i = 0; i < boxes; i++)
        {
            Boxes.Add(new BoxStation(
                this, Stations.Count, $"box{i + 1}", new MacAddress(0x02_00_00_00_02_00 + (ulong)i),
                [.. Enumerable.Range(1, plan.DisksPerBox).Select(d => MakeDisk($"box{i + 1}-disk{d}"))],
                plan.Vfs > 0 ? MakeSharedDevice($"box{i + 1}-nvme", plan.Vfs) : null));
            Stations.Add(Boxes[i]);
        }

        foreach (var station in Stations)
        {
            Network.Add(station);
        }

        Paths.Lay(Stations.Count);
        var attack = RandomFor("attack");
        if (options.IsAttacked ?? attack.Chance(0.3))
        {
            Network.Attacker = new Attacker(attack, Network, Stations, _counts);
        }

        _agreement = new AgreementCheck(this);
        Operator = new BridgeOperator(this, RandomFor("operator"));
        NamespaceOperator = new NamespaceOperator(this, RandomFor("namespace operator"));
        _kills = new KillsInCalm(this, RandomFor("kills in calm"));
        _faults = new FaultPlan(
            this, RandomFor("faults"), RandomFor("media faults"), RandomFor("shrinking paths"), RandomFor("sharing faults"));
    }

    public SimulationOptions Options { get; }

    public FabricSettings Settings { get; }

    public Trace Trace { get; }

    public SimNetwork Network { get; }

    public PathMtus Paths { get; }

    public BridgeOperator Operator { get; }

    public NamespaceOperator NamespaceOperator { get; }

    public NamespaceBook Namespaces { get; }

    /// <summary>Every key and nonce of the run.</summary>
    public NonceWatch Nonces { get; } = new();

    /// <summary>Every TLP that enters or leaves a link.</summary>
    public DeliveryWatch Deliveries { get; } = new();

    public List<HostStation> Hosts { get; } = [];

    public List<BoxStation> Boxes { get; } = [];

    public List<Station> Stations { get; } = [];

    /// <summary>Loads send no new commands.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Boxes have devices that hosts share.</summary>
    public bool HasSharing => _sharedDevices.Count > 0;

    public bool IsSharedDevice(string serialNumber) => _sharedDevices.Contains(serialNumber);

    /// <summary>What is on a disk that is used as it is, or in the namespace of a shared device that all hosts read.</summary>
    public DiskModel ModelOf(string disk) => _modelsByDisk[disk];

    public DiskModel MakeModel(string name, ulong initial)
    {
        var model = new DiskModel(_models.Count, name, initial, _models);
        _models.Add(model);
        return model;
    }

    /// <summary>A generator of its own for each purpose, so that one part's draws do not shift another's.</summary>
    public SeededRandom RandomFor(string purpose)
    {
        var key = 0xCBF29CE484222325;
        foreach (var c in purpose)
        {
            key = (key ^ c) * 0x100000001B3;
        }

        return new SeededRandom(key ^ (_seed * 0x9E3779B97F4A7C15));
    }

    public void Count(string fault) => _counts.Add(fault);

    public void OnResult(string code, ulong generation)
    {
        _hash.Add((ulong)code.Length);
        _hash.Add(generation);
    }

    public void OnCommandEnded(HostStation host, string disk, RunningCommand command, NvmeResult result)
    {
        _hash.Add((ulong)_now.Nanoseconds);
        _hash.Add(((ulong)command.Lba << 32) | ((ulong)result.Outcome << 16) | result.Status.Value);
        if (result.IsSuccess)
        {
            _operations++;
        }
        else
        {
            Count($"ended:{result.Outcome}");
            Trace.Add($"{host.Name}: {disk}: {command}: {result}");
        }

        var isCalm = command.Since >= _calmSince;
        if (isCalm && (!result.IsSuccess || _now - command.Since > SimulationLimits.CalmCommand + _kills.PauseMax))
        {
            throw new SimulationFailure($"{host.Name}: {disk}: {command} took {_now - command.Since} in calm and ended as: {result}");
        }
    }

    public void RunAll()
    {
        foreach (var station in Stations)
        {
            station.Start(_now);
        }

        Until(() => Boxes.TrueForAll(b => b.IsReady && b.Bridge.Status().Hosts.All(h => h.Linked)), TimeSpan.FromSeconds(5), "the links do not come up");
        Operator.AttachAll(_now);
        NamespaceOperator.CreateFirst(_now);
        _faults.Begin(_now);
        Pass(SimulationLimits.Trouble);
        _faults.Mend(_now);
        Until(IsWhole, SimulationLimits.Recovery, "the fabric has not recovered");
        _calmSince = _now;
        Trace.Add("! calm");
        Pass(SimulationLimits.Calm);
        _kills.Strike(Pass, Until);
        while (_operations < SimulationLimits.OperationsMin || _now < new Instant(1_000_000_000) + TimeSpan.FromSeconds(60))
        {
            Pass(TimeSpan.FromSeconds(1));
        }

        VerifyAll();
    }

    public SeedResult Result(string? failure) => new(
        _seed, failure is null ? null : $"at {_now}: {failure}", _now - new Instant(1_000_000_000), _operations, Network.FramesSent, _counts, _hash.Value,
        Trace.Lines);

    private SimDisk MakeDisk(string name, string? device = null)
    {
        var model = MakeModel(name, 0);
        _modelsByDisk.Add(device ?? name, model);
        var disk = new SimDisk(name, SimulationLimits.DiskBlocks, RandomFor(name), RandomFor($"{name} media"), Count);
        var block = new byte[SimulationLimits.BlockBytes];
        for (var i = 0; i < SimulationLimits.DiskBlocks; i++)
        {
            model.Fill(block, i, 0);
            disk.Load(i, block);
        }

        return disk;
    }

    private SharedDevice MakeSharedDevice(string name, int vfs)
    {
        _sharedDevices.Add(name);
        var pool = new SimDisk($"{name}-pool", SimulationLimits.PoolBlocks, RandomFor($"{name}-pool"), RandomFor($"{name}-pool media"), Count);
        return new SharedDevice(name, vfs, MakeDisk($"{name}-shared", name), pool);
    }

    private void VerifyAll()
    {
        IsStopping = true;
        var left = 0;
        foreach (var host in Hosts)
        {
            foreach (var load in host.Loads.Where(load => !load.IsStopped).ToList())
            {
                left++;
                host.Scheduler.Start(async () =>
                {
                    await load.VerifyAllAsync();
                    left--;
                });
            }

            host.Wake();
        }

        Until(() => left == 0, TimeSpan.FromSeconds(10), "the last look at every disk does not end");
    }

    /// <summary>Every function has an owner, and that host's driver has it; every namespace likewise, as far as its owner has a function.</summary>
    private bool IsWhole()
    {
        if (Operator.Running > 0 || NamespaceOperator.Running > 0)
        {
            return false;
        }

        Operator.AttachAll(_now);
        NamespaceOperator.GiveAll(_now);
        return Operator.Running == 0 && NamespaceOperator.Running == 0
            && Boxes.TrueForAll(box => box.IsReady && box.Bridge.Status().Functions.All(f => f.State == FunctionState.Presented && IsUsed(f)))
            && Hosts.Sum(h => h.DiskLoads.Count) == Boxes.Sum(b => b.Disks.Count)
            && _sharing.IsWhole(_now)
            && Hosts.TrueForAll(h => h.Loads.All(l => l.Running.All(c => _now - c.Since < SimulationLimits.CalmCommand)));
    }

    private bool IsUsed(IoFunctionStatus function) =>
        IsSharedDevice(function.Device)
        || Hosts.Single(h => h.Name == function.Owner).DiskLoads.Any(l => l.Disk.SerialNumber == function.Name && l.Disk.IsUsable);

    private void Pass(TimeSpan time)
    {
        var end = _now + time;
        while (_now < end)
        {
            Step(end);
        }
    }

    private void Until(Func<bool> condition, TimeSpan limit, string otherwise)
    {
        var end = _now + limit;
        while (!condition())
        {
            if (_now >= end)
            {
                throw new SimulationFailure($"{otherwise} within {limit}; {Describe()}");
            }

            // Looked at now and then: it costs more than a step.
            Pass(TimeSpan.FromMilliseconds(20));
        }
    }

    private void Step(Instant limit)
    {
        var next = Instant.Min(limit, _nextLook);
        next = Instant.Earliest(next, Instant.Earliest(Network.NextDeadline, _faults.NextDeadline))!.Value;
        foreach (var station in Stations)
        {
            next = station.IsUp ? Instant.Min(next, station.Next) : next;
        }

        _now = next > _now ? next : _now;
        Trace.Now = _now;
        while (Network.TryDeliver(_now))
        {
        }

        _faults.RunDue(_now);
        foreach (var station in Stations)
        {
            if (station.IsUp && station.Next <= _now)
            {
                station.Turn(_now);
            }
        }

        if (Trace.Defect is { } defect)
        {
            // A bridge goes on without what broke; a run does not.
            throw new SimulationFailure(defect);
        }

        if (_now >= _nextLook)
        {
            _nextLook = _now + LookInterval;
            Look();
        }
    }

    /// <summary>What must hold at every moment.</summary>
    private void Look()
    {
        Operator.CheckOwners(_now);
        NamespaceOperator.CheckOwners(_now);
        foreach (var host in Hosts)
        {
            host.CheckCanary();
            foreach (var load in host.IsUp ? host.Loads : [])
            {
                foreach (var command in load.Running)
                {
                    if (_now - command.Since > SimulationLimits.CommandLimit)
                    {
                        throw new SimulationFailure($"{host.Name}: {load.Name}: {command} has not ended");
                    }
                }
            }
        }

        LookForTwoOwners();
        _agreement.Look(_now);
        if ((Nonces.Failure ?? Deliveries.Failure) is { } failure)
        {
            throw new SimulationFailure(failure);
        }
    }

    private void LookForTwoOwners()
    {
        var seen = new HashSet<(MacAddress Box, string Function, ulong Generation)>();
        foreach (var slot in Hosts.Where(h => h.IsUp).SelectMany(h => h.Bridge.Status().Slots))
        {
            if (slot.Function is { } function && !seen.Add((function.Box, function.Name, function.Generation)))
            {
                throw new SimulationFailure($"{function.Name} is in two slots under one generation");
            }
        }
    }

    private string Describe() => string.Join("; ", Boxes.Select(box => !box.IsReady ? $"{box.Name} is not ready" : $"{box.Name}: " + string.Join(
        ", ", box.Bridge.Status().Functions.Select(f => $"{f.Name} {f.State} busy {f.Busy ?? "-"} owner {f.Owner ?? "-"}"))))
        + "; " + string.Join("; ", Hosts.Select(h =>
            $"{h.Name}: slots {string.Join(",", h.Bridge.Status().Slots.Select(s => s.State))} "
            + $"uses {string.Join(",", h.Loads.Select(l => $"{l.Name}({l.Disk.IsUsable}, {l.Running.Count})"))}"))
        + $"; commands {Operator.Running}, {NamespaceOperator.Running}; {_sharing.Missing}";
}
