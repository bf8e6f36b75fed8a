using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts.Resuming;

/// <summary>
/// A slot whose box is away, over which the host sees nothing happen.
/// <para>
/// Theory: None → Held, at the end of the box's epoch: nothing passes. → Restoring, when the box presents the
/// function as a continuation: what the host had written is written again, one configuration write after the other. → None. Held and
/// Restoring have a deadline, past which the slot is emptied, as at a surprise removal. A refused configuration write empties it too.
/// </para>
/// <para>
/// Posted writes of the host are dropped meanwhile: they are work for a device that has forgotten everything. What of them is configuration,
/// the MSI-X table, the shadow has taken note of. Non-posted requests, those that were outstanding and those that come, wait here and follow what
/// is written again; those that wait for too long have ended at their completion timeout.
/// </para>
/// </summary>
internal sealed class SlotHold
{
    private readonly byte[] _scratch = new byte[TlpLimits.BytesMax];
    private TlpQueue? _waiting;
    private ConfigShadow? _shadow;
    private bool _isAwaiting;
    private int _step;

    public bool IsActive => State != HoldState.None;

    public HoldState State { get; private set; }

    public Instant Deadline { get; private set; } = Instant.Never;

    public void Begin(Instant until)
    {
        State = HoldState.Held;
        Deadline = until;
        _waiting?.Clear();
    }

    /// <summary>The box is back: it presents the function soon or not at all.</summary>
    public void Expect(Instant until)
    {
        if (State == HoldState.Held)
        {
            Deadline = until;
        }
    }

    public void BeginRestoring(ConfigShadow shadow, Instant until)
    {
        State = HoldState.Restoring;
        Deadline = until;
        _shadow = shadow;
        _isAwaiting = false;
        _step = 0;
    }

    public void End()
    {
        State = HoldState.None;
        Deadline = Instant.Never;
        _shadow = null;
        _waiting?.Clear();
    }

    /// <summary>Keeps a non-posted request until the function is back.</summary>
    /// <returns>False: too many wait.</returns>
    public bool TryKeep(ReadOnlySpan<byte> request)
    {
        _waiting ??= new TlpQueue(HostBridgeLimits.HeldRequestBytesMax);
        return _waiting.TryEnqueue(request);
    }

    /// <summary>A completion while the function is restored: nothing else but the writes made here has been sent.</summary>
    /// <returns>False: the function does not take what it took before.</returns>
    public bool OnCompletion(in TlpView completion)
    {
        var isExpected = _isAwaiting && completion.Kind == TlpKind.Completion && completion.Status == CompletionStatus.SuccessfulCompletion;
        _isAwaiting = false;
        return isExpected;
    }

    /// <summary>Writes again as far as the link takes it.</summary>
    /// <param name="occupant">The function.</param>
    /// <param name="port">The slot's port, in whose name it is written.</param>
    /// <returns>True when all is written and acknowledged.</returns>
    public bool Restore(SlotOccupant occupant, Rid port)
    {
        var link = occupant.Box.Link;
        while (!_isAwaiting && occupant.Box.HasToldAll)
        {
            var step = _step;
            if (!_shadow!.TryNext(ref step, out var write))
            {
                return true;
            }

            if (!link.HasRoom(write.IsConfig ? TlpClass.NonPosted : TlpClass.Posted))
            {
                return false;
            }

            // It may use what it is allowed before it has said that it was told.
            occupant.BusMasterEnable |= write is { IsConfig: true, Address: ConfigRegister.Command }
                && (write.Value & ConfigRegister.CommandBusMasterEnable) != 0;
            var isSent = write.IsConfig
                ? link.TrySendTlp(occupant.Function, occupant.Generation, TlpClass.NonPosted, Config(write, occupant.VfH, port))
                : link.TrySendTlp(occupant.Function, occupant.Generation, TlpClass.Posted, Memory(write, port));
            if (!isSent)
            {
                return false;
            }

            _isAwaiting = write.IsConfig;
            _step = step;
        }

        return false;
    }

    /// <summary>The next request that waited; the span is valid until the next call.</summary>
    public bool TryTakeWaiting(out ReadOnlySpan<byte> request)
    {
        request = default;
        if (_waiting is null || !_waiting.TryDequeue(_scratch, out var length))
        {
            return false;
        }

        request = _scratch.AsSpan(0, length);
        return true;
    }

    private ReadOnlySpan<byte> Config(in ShadowWrite write, Rid function, Rid port) => _scratch.AsSpan(
        0, new ConfigWrite(port, default, function, (int)write.Address, false, write.Value, write.Enables).Write(_scratch));

    /// <summary>A whole DW of the MSI-X table, which takes no less (PCIe 5.0 §6.1.4.2); bytes that were not written are as after a reset.</summary>
    private ReadOnlySpan<byte> Memory(in ShadowWrite write, Rid port)
    {
        Span<byte> data = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(data, write.Value);
        return _scratch.AsSpan(0, new MemoryWrite(port, write.Address).Write(_scratch, data));
    }
}
