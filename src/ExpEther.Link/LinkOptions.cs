using ExpEther.Core.Stages;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link;

/// <summary>What a link must know from the start. Both sides must agree on VLAN, EtherType, <see cref="Sealed"/> and the key.</summary>
public sealed record LinkOptions
{
    public required MacAddress Local { get; init; }

    public required MacAddress Peer { get; init; }

    public required VlanId Vlan { get; init; }

    public required LinkRole Role { get; init; }

    /// <summary>IEEE 802 local experimental EtherType 1 unless configured otherwise.</summary>
    public ushort EtherType { get; init; } = LinkLimits.EtherTypeDefault;

    /// <summary>Bytes after the EtherType that this side's wire carries; 1024 to 65535. The path's MTU, which set-up finds, is never more.</summary>
    public int MtuBytes { get; init; } = 1500;

    /// <summary>True: records are encrypted and frames authenticated with AES-256-GCM. False: CRC32C only, anyone on the VLAN can speak.</summary>
    public bool Sealed { get; init; } = true;

    /// <summary>32 bytes shared by both sides. Unused when <see cref="Sealed"/> is false.</summary>
    public byte[] PreSharedKey { get; init; } = [];

    /// <summary>Of this process: random, another one at every start. The peer, told in set-up, so knows a restart from a second of the same name.</summary>
    public ulong Incarnation { get; init; }

    /// <summary>Where the AEAD comes from.</summary>
    public ICipherProvider Ciphers { get; init; } = AesGcmProvider.Instance;

    /// <summary>This side's name, told to the peer in set-up; at most <see cref="LinkLimits.NameBytesMax"/> bytes of UTF-8.</summary>
    public string LocalName { get; init; } = "";

    /// <summary>How long nothing may be heard before the link is declared down.</summary>
    public TimeSpan LinkDead { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long nothing may be heard before the path counts as silent (an alarm, nothing more).</summary>
    public TimeSpan PathSilent { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an acknowledgement waits for a frame to ride on.</summary>
    public TimeSpan AckDelay { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>How often an idle link says that it lives.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Pause between two attempts of set-up at first; it doubles up to <see cref="SetupRetryMax"/>.</summary>
    public TimeSpan SetupRetry { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan SetupRetryMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an INIT of the largest size is alone: when no ACCEPT came until then, smaller ones follow.</summary>
    public TimeSpan MtuStep { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long a smaller ACCEPT waits for a larger one, which is asked for once more: loss must not pass for a small MTU.</summary>
    public TimeSpan MtuSettle { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a responder keeps a session that no one confirms.</summary>
    public TimeSpan SetupPending { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one key seals frames at most; a count of frames may end it sooner (<see cref="LinkLimits.KeyPhaseFrameBits"/>).</summary>
    public TimeSpan KeyPhase { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Shortest and longest wait for an acknowledgement before a record is sent again.</summary>
    public TimeSpan RetransmitMin { get; init; } = TimeSpan.FromMilliseconds(5);

    public TimeSpan RetransmitMax { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Pause between two answers to frames of an epoch that is over.</summary>
    public TimeSpan StaleAnswer { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Bytes in flight under the fixed window.</summary>
    public int WindowBytes { get; init; } = LinkLimits.WindowBytes;

    /// <summary>Credits granted to the peer at the beginning of an epoch.</summary>
    public CreditSet Credits { get; init; } = CreditSet.Default;

    /// <summary>
    /// False: a non-posted request's credit goes back as soon as it was delivered. True: the consumer gives it back by
    /// <see cref="EtherLink.ReturnNonPosted"/>, and so bounds how many it holds.
    /// </summary>
    public bool HoldsNonPostedCredit { get; init; }

    /// <summary>Who times this link's work, and that of the bridge that it calls; null: nobody.</summary>
    public StageClock? Stages { get; init; }
}
