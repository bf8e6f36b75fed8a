using ExpEther.Core.Stages;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;

namespace ExpEther.Bridge.Hosts;

/// <summary>What a host bridge is told at its start: one host, one VLAN (its logical switch), one MAC.</summary>
public sealed record HostBridgeOptions
{
    /// <summary>The host's name as its user gave it; announced, and told to I/O boxes at link set-up. At most 64 bytes of UTF-8.</summary>
    public required string Name { get; init; }

    public required MacAddress Mac { get; init; }

    /// <summary>The VLAN whose I/O boxes may plug functions here.</summary>
    public required VlanId Vlan { get; init; }

    /// <summary>
    /// The host's key, 32 bytes, of which each box has its own made (<see cref="PairKey"/>): only such boxes get a link. Not used when
    /// <see cref="Sealed"/> is false.
    /// </summary>
    public byte[] Key { get; init; } = [];

    public bool Sealed { get; init; } = true;

    public ushort EtherType { get; init; } = 0x88B5;

    public int MtuBytes { get; init; } = 1500;

    /// <summary>Downstream ports of the switch that the host sees, 1 to <see cref="HostBridgeLimits.SlotsMax"/>.</summary>
    public int Slots { get; init; } = 4;

    /// <summary>Silence after which a box counts as lost and its slots are emptied.</summary>
    public TimeSpan LinkDead { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Silence after which an alarm is raised; nothing else happens.</summary>
    public TimeSpan PathSilent { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After this a host's request that a box did not answer completes as unsupported (all ones to the reader).</summary>
    public TimeSpan CompletionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the bridge broadcasts its presence in its VLAN.</summary>
    public TimeSpan AnnounceInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A box is told that its function is plugged when the host says so (<see cref="HostBridge.Tell"/>), not when the host has numbered it: above is a
    /// root complex for a virtual machine, and its monitor has a say.
    /// </summary>
    public bool IsPlugTold { get; init; }

    /// <summary>Where it is kept which slot is whose; null: a function has its slot for this bridge's life only.</summary>
    public ISlotStore? SlotStore { get; init; }

    /// <summary>Of this bridge: drawn when it is made, and told to peers.</summary>
    public ulong Incarnation { get; init; }

    /// <summary>Where the AEAD of sealed links comes from.</summary>
    public ICipherProvider Ciphers { get; init; } = AesGcmProvider.Instance;

    /// <summary>Who times the work of the bridge's links; null: nobody.</summary>
    public StageClock? Stages { get; init; }
}
