using ExpEther.Core.Stages;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;

namespace ExpEther.Bridge.Io;

/// <summary>What an I/O bridge is told at its start.</summary>
public sealed record IoBridgeOptions
{
    /// <summary>The box's name, shown at both ends.</summary>
    public required string Name { get; init; }

    public required MacAddress Mac { get; init; }

    /// <summary>The hosts this box may serve, each with its VLAN and key.</summary>
    public required IReadOnlyList<IoHostOptions> Hosts { get; init; }

    /// <summary>Start of the Mem_IO aperture for 64-bit BARs. Far above what hosts use for DMA.</summary>
    public ulong MemIoBase { get; init; } = 0x40_0000_0000;

    public ulong MemIoBytes { get; init; } = 0x40_0000_0000;

    /// <summary>Start of the Mem_IO aperture for 32-bit BARs.</summary>
    public ulong MemIo32Base { get; init; } = 0x8000_0000;

    public ulong MemIo32Bytes { get; init; } = 0x4000_0000;

    public bool Sealed { get; init; } = true;

    public ushort EtherType { get; init; } = 0x88B5;

    public int MtuBytes { get; init; } = 1500;

    public TimeSpan LinkDead { get; init; } = TimeSpan.FromSeconds(20);

    public TimeSpan PathSilent { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a host has to let a function go before it is fenced.</summary>
    public TimeSpan ReleaseTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long <c>attach</c> and <c>move</c> wait for the host to enumerate the function before they report success without it. A host that says that its
    /// virtual machine's monitor was asked has <see cref="IoBridgeLimits.AskedTimeout"/>.
    /// </summary>
    public TimeSpan PlugTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a device may take to answer the I/O bridge's own configuration requests.</summary>
    public TimeSpan CompletionTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Of this bridge: drawn when it is made, and told to peers.</summary>
    public ulong Incarnation { get; init; }

    /// <summary>Where the AEAD of sealed links comes from.</summary>
    public ICipherProvider Ciphers { get; init; } = AesGcmProvider.Instance;

    /// <summary>Who times the work of the bridge's links; null: nobody.</summary>
    public StageClock? Stages { get; init; }
}
