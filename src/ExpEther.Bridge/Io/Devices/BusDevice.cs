using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Traffic;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>One device of the box, alone on a bus, or on consecutive buses, of its own.</summary>
/// <param name="name">From the configuration.</param>
/// <param name="device">What is reached by TLPs.</param>
/// <param name="vfs">How many virtual functions are to be shared; 0: its functions are used as they are.</param>
internal sealed class BusDevice(string name, IPcieDevice device, int vfs)
{
    private IoFunction?[] _functions = [];

    public string Name { get; } = name;

    public ContainedDevice Device { get; } = new(device);

    public int VfsWanted { get; } = vfs;

    /// <summary>The bus that the device captures; 0: none was left for it.</summary>
    public byte Bus { get; private set; }

    /// <summary>The last bus on which a function of it has its routing ID.</summary>
    public byte LastBus { get; private set; }

    /// <summary>What the device's port carries at most in one TLP; set once for all of its functions.</summary>
    public int MaxPayloadBytes { get; set; } = 128;

    /// <summary>The TLP taken last. It stays in no hand between two turns.</summary>
    public HeldTlp Hand { get; set; } = new();

    /// <summary>Functions that hold TLPs back.</summary>
    public int Backlog { get; set; }

    /// <summary>Functions that can hold no more back.</summary>
    public int FullOutputs { get; set; }

    /// <summary>Which function's TLPs are looked at first: all get their turn.</summary>
    public int Turn { get; set; }

    /// <summary>When a function that has held back all it may is given up; null: none has.</summary>
    public Instant? GiveUpAt { get; set; }

    public long UnknownRequesters { get; set; }

    public long Malformed { get; set; }

    /// <summary>What enumeration found, with the places of their BARs.</summary>
    public IReadOnlyList<PciNode> Nodes { get; set; } = [];

    /// <summary>Its virtual functions and what they were made of; null: it is used as it is.</summary>
    public SrIovLayout? SrIov { get; set; }

    /// <summary>The physical function, which nobody is given; null: there is none, or it is used as it is.</summary>
    public RealFunction? Physical { get; set; }

    /// <summary>Who drives the physical function; null: nobody.</summary>
    public PrivateRootComplex? Own { get; set; }

    /// <summary>
    /// The sequences of its physical function's driver: one that fails is the device's failure. Null as long as the device has no such driver.
    /// </summary>
    public SequenceScope? Scope { get; set; }

    /// <summary>Those that hosts can own.</summary>
    public List<IoFunction> Functions { get; } = [];

    /// <summary>Several hosts can have functions of it: what one of them does not take must not stop the others.</summary>
    public bool IsShared => Functions.Count > 1 || SrIov is not null;

    public Instant? NextDeadline => Instant.Earliest(Instant.Earliest(Device.NextDeadline, GiveUpAt), Own?.NextDeadline);

    public bool IsOn(int bus) => Bus != 0 && bus >= Bus && bus <= LastBus;

    /// <summary>Its place on the device bus, before any function is added.</summary>
    public void Place(byte bus, byte lastBus)
    {
        Check.That(Functions.Count == 0 && bus <= lastBus);
        (Bus, LastBus) = (bus, lastBus);
        _functions = new IoFunction?[(lastBus - bus + 1) << 8];
    }

    public void Add(IoFunction function)
    {
        ref var place = ref _functions[function.VfIo.Value - (Bus << 8)];
        Check.That(place is null);
        place = function;
        Functions.Add(function);
    }

    /// <summary>The function with this RID, or null: a RID that nobody on this device has.</summary>
    public IoFunction? Find(Rid rid) => rid.Value - (Bus << 8) is var place && (uint)place < (uint)_functions.Length ? _functions[place] : null;

    /// <summary>The device was reset: what its functions said before is void, and all flows are open.</summary>
    public void ForgetOutput()
    {
        foreach (var function in Functions)
        {
            function.Output.Clear();
        }

        Backlog = 0;
        FullOutputs = 0;
    }
}
