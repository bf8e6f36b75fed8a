using System.Numerics;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// A slot of a guest: the guest's accesses to the function in it, as TLPs. Its <see cref="ITlpPort"/> is the link to that function; requests go to
/// it whatever their address, because the monitor has decoded the address already.
/// <para>
/// Requests and posted writes leave in the order in which they came, but posted writes pass requests that wait (PCIe 5.0 §2.4.1), and
/// nothing passes an earlier posted write. Without a function reads end in all-ones and writes go nowhere, as on hardware.
/// </para>
/// </summary>
public sealed class GuestSlot : ITlpPort
{
    private static readonly PciCapabilities NoCapabilities = new();

    private readonly OwnerScheduler _scheduler;
    private readonly RootComplexCounters _counters;
    private readonly GuestRequests _requests;
    private readonly GuestWrites _writes;
    private readonly GuestReset _reset;
    private bool _isAnswering;

    internal GuestSlot(int number, Rid requester, TimeSpan completionTimeout, OwnerScheduler scheduler, RootComplexCounters counters)
    {
        Number = number;
        CompletionTimeout = completionTimeout;
        _scheduler = scheduler;
        _counters = counters;
        _requests = new GuestRequests(requester, counters) { RegisterWritten = OnRegisterWritten };
        _writes = new GuestWrites(requester);
        _reset = new GuestReset(this, scheduler);
    }

    /// <summary>Physical slot number, from 1.</summary>
    public int Number { get; }

    /// <summary>What <see cref="Eject"/> does to the slot.</summary>
    internal Action? Ejected { get; set; }

    /// <summary>The function that answers in it; null: none.</summary>
    public GuestFunction? Function { get; private set; }

    /// <summary>Memory Space Enable is set, as far as the function has answered writes of it: it was written so, and no reset came since.</summary>
    public bool IsDecoding { get; private set; }

    /// <summary>Where its accesses end.</summary>
    public IGuestAccessSink? Sink { get; set; }

    /// <summary>Of accesses that begin from now on.</summary>
    internal TimeSpan CompletionTimeout { get; set; }

    /// <summary>Told how it goes with the slot's function, in words for people; empty words: nothing is to be said of it.</summary>
    internal Action<GuestShowing, string>? Told { get; set; }

    /// <summary>Told by <see cref="Follow"/>.</summary>
    internal Action<Guid>? Followed { get; set; }

    /// <summary>Its monitor has said how it goes with the function that is in it.</summary>
    internal bool HasTold { get; private set; }

    /// <summary>What the guest's BARs hold.</summary>
    internal GuestBars Bars { get; } = new();

    /// <summary>Where the function's capabilities are.</summary>
    internal PciCapabilities Capabilities { get; private set; } = NoCapabilities;

    /// <summary>The ID that the function is given.</summary>
    internal Rid VfH
    {
        get => _requests.Target;
        set => _requests.Target = value;
    }

    internal Instant? NextDeadline => _requests.HasEnded ? _scheduler.Now : _requests.NextDeadline;

    /// <summary>
    /// Begins a read of a BAR, of any length up to <see cref="GuestLimits.AccessBytesMax"/> and any alignment; it ends in the sink, never within
    /// this call.
    /// </summary>
    /// <returns>False: too many wait.</returns>
    public bool TryReadMemory(int bar, ulong offset, int bytes, ulong token)
    {
        Check.That(bytes is >= 0 and <= GuestLimits.AccessBytesMax);
        var address = 0UL;
        var goes = Function is not null && Bars.TryMap(bar, offset, bytes, out address);
        return TryBegin(GuestAccessKind.MemoryRead, address, bytes, token, goes, default);
    }

    /// <summary>A posted write to a BAR of at most <see cref="GuestLimits.AccessBytesMax"/>; in order with all other writes of this slot.</summary>
    /// <returns>False: no room now; to be offered again.</returns>
    public bool TryWriteMemory(int bar, ulong offset, ReadOnlySpan<byte> data)
    {
        Check.That(data.Length <= GuestLimits.AccessBytesMax);
        if (Function is not null && Bars.TryMap(bar, offset, data.Length, out var address))
        {
            return _writes.TryAdd(address, data);
        }

        _counters.WritesDropped++;
        return true;
    }

    /// <summary>Begins a read of configuration space, of any length within its 4096 bytes; it ends in the sink.</summary>
    /// <returns>False: too many wait.</returns>
    public bool TryReadConfig(int offset, int bytes, ulong token)
    {
        Check.That(offset >= 0 && bytes >= 0 && offset + bytes <= ConfigLimits.SpaceBytes);
        return TryBegin(GuestAccessKind.ConfigRead, (ulong)offset, bytes, token, Function is not null, default);
    }

    /// <summary>Begins a write of configuration space, of any length, register by register; it ends in the sink.</summary>
    /// <returns>False: too many wait.</returns>
    public bool TryWriteConfig(int offset, ReadOnlySpan<byte> data, ulong token)
    {
        Check.That(offset >= 0 && offset + data.Length <= ConfigLimits.SpaceBytes);
        return TryBegin(GuestAccessKind.ConfigWrite, (ulong)offset, data.Length, token, Function is not null, data);
    }

    /// <summary>Says how it goes with showing the function to the guest; as often as that changes.</summary>
    /// <param name="showing">What became of it.</param>
    /// <param name="words">For people: why, and what to do.</param>
    public void Say(GuestShowing showing, string words)
    {
        if (Function is not null)
        {
            HasTold |= showing != GuestShowing.Asked;
            Told?.Invoke(showing, words);
        }
    }

    /// <summary>
    /// The guest has let go of the function, which stays in its slot, and takes it along to another machine; said again for as long as that holds.
    /// </summary>
    /// <param name="guest">The guest's UUID; all zeros: it takes it along no more.</param>
    public void Follow(Guid guest)
    {
        if (Function is not null)
        {
            Followed?.Invoke(guest);
        }
    }

    /// <summary>The guest has let go of the function by itself, as by an eject: the slot is powered off, which gives the function back to its box.</summary>
    public void Eject() => Ejected?.Invoke();

    /// <summary>
    /// Begins a function level reset (PCIe 5.0 §6.6.2). It ends in the sink: when the function may be accessed again, or within
    /// <see cref="GuestLimits.ResetTimeout"/> as not done.
    /// </summary>
    /// <returns>False: another has not ended.</returns>
    public bool TryReset(ulong token) => Function is null
        ? TryBegin(GuestAccessKind.ConfigWrite, 0, 1, token, false, [0])
        : _reset.TryStart(Function, token);

    /// <summary>Gives BARs that hold no address one, and turns decoding on, unless that is on. Bounded, whether the function answers or not.</summary>
    /// <returns>True: decoding was turned on by this.</returns>
    public Task<bool> PlaceAsync() => Function is { } function ? new GuestPlacement(this).PlaceAsync(function.Bars) : Task.FromResult(false);

    /// <summary>Takes what the function answers.</summary>
    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        if (TlpView.TryParse(tlp, out var view) != TlpError.None || !view.HasValidEcrc || !view.IsCompletion)
        {
            // The function's own requests are the bridge's to carry out; none comes this way.
            _counters.TlpsMalformed++;
        }
        else
        {
            _requests.OnCompletion(view);
        }

        return true;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length) =>
        _requests.TryTake(_writes.Gone, into, out length) || _writes.TryTake(into, out length);

    /// <summary>Ends accesses that are past their time, and gives those that have ended to whoever asked.</summary>
    /// <returns>True when something happened.</returns>
    internal bool Poll(Instant now)
    {
        var any = _requests.Expire(now);
        // What a sink begins in answer and has ended at once is told at the next turn.
        for (var left = GuestLimits.AccessesPerSlotMax; left > 0 && _requests.TryTakeEnded(out var access); left--)
        {
            any = true;
            Tell(access);
            _requests.Free(access);
        }

        return any;
    }

    /// <summary>The slot has power: the function may be asked what it is, but not by the guest.</summary>
    internal void PowerOn() => _isAnswering = true;

    /// <summary>From now on the guest's accesses go to the function.</summary>
    internal void Fill(GuestFunction function, PciCapabilities capabilities)
    {
        Check.That(_isAnswering);
        Bars.Describe(function.Bars);
        IsDecoding = false;
        Capabilities = capabilities;
        Function = function;
        HasTold = false;
    }

    /// <summary>The function is gone: all that waits ends.</summary>
    internal void Empty()
    {
        _isAnswering = false;
        Function = null;
        Capabilities = NoCapabilities;
        Bars.Reset();
        Bars.Describe([]);
        _counters.WritesDropped += _writes.Clear();
        _requests.EndAll();
        _reset.Cancel();
    }

    /// <summary>A register of the function for whoever is not the guest; it ends as the guest's accesses do.</summary>
    internal async ValueTask<ConfigResult> ReadConfigAsync(int register)
    {
        if (!_isAnswering || _requests.TryBegin(GuestAccessKind.ConfigRead, (ulong)register, 4, _writes.Added, Deadline()) is not { } access)
        {
            return ConfigResult.Failed(ConfigStatus.UnsupportedRequest);
        }

        return await WaitAsync(access);
    }

    /// <inheritdoc cref="ReadConfigAsync"/>
    internal async ValueTask<ConfigStatus> WriteConfigAsync(int register, uint value, int enables)
    {
        var first = BitOperations.TrailingZeroCount(enables);
        var bytes = BitOperations.PopCount((uint)enables);
        Check.That(enables == ((1 << bytes) - 1) << first);
        if (!_isAnswering
            || _requests.TryBegin(GuestAccessKind.ConfigWrite, (ulong)(register + first), bytes, _writes.Added, Deadline()) is not { } access)
        {
            return ConfigStatus.UnsupportedRequest;
        }

        for (var i = 0; i < bytes; i++)
        {
            access.Data[i] = (byte)(value >> (8 * (first + i)));
        }

        return (await WaitAsync(access)).Status;
    }

    private static Task<ConfigResult> WaitAsync(GuestAccess access)
    {
        access.Waiter = new TaskCompletionSource<ConfigResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        return access.Waiter.Task;
    }

    private Instant Deadline() => _scheduler.Now + CompletionTimeout;

    private bool TryBegin(GuestAccessKind kind, ulong address, int bytes, ulong token, bool goes, ReadOnlySpan<byte> data)
    {
        if (_requests.TryBegin(kind, address, bytes, _writes.Added, Deadline()) is not { } access)
        {
            return false;
        }

        access.Token = token;
        data.CopyTo(access.Data);
        if (!goes && !access.HasEnded)
        {
            _requests.EndWaiting(access, ConfigStatus.UnsupportedRequest);
        }

        return true;
    }

    private void Tell(GuestAccess access)
    {
        var isSuccess = access.Status == ConfigStatus.Success;
        if (access.Kind == GuestAccessKind.ConfigWrite && !isSuccess && Function is not null && ReachesBars(access))
        {
            _reset.AskForBars(Function);
        }

        if (access.Waiter is { } waiter)
        {
            waiter.TrySetResult(!isSuccess ? ConfigResult.Failed(access.Status)
                : new ConfigResult(ConfigStatus.Success, access.Kind == GuestAccessKind.ConfigRead ? BitConverter.ToUInt32(access.Data) : 0));
        }
        else if (access.Kind == GuestAccessKind.ConfigWrite)
        {
            Sink?.OnWritten(access.Token, isSuccess);
        }
        else
        {
            Sink?.OnRead(access.Token, access.Data);
        }
    }

    // A write that nobody answered for may have been done all the same, and so may a reset, which clears the BARs.
    private bool ReachesBars(GuestAccess access) =>
        Overlaps(access, ConfigRegister.Bar0, 4 * ConfigLimits.EndpointBarsMax)
        || (Capabilities.PciExpress is var pcie and not 0 && Overlaps(access, pcie + PcieRegister.DeviceControl, 2));

    private static bool Overlaps(GuestAccess access, int register, int bytes) =>
        (int)access.Address < register + bytes && (int)access.Address + access.Bytes > register;

    private void OnRegisterWritten(int register, uint value, int enables)
    {
        if (GuestBars.IsBar(register))
        {
            Bars.OnWritten(register, value, enables);
        }
        else if (register == ConfigRegister.Command && (enables & 1) != 0)
        {
            IsDecoding = (value & ConfigRegister.CommandMemorySpaceEnable) != 0;
        }
        else if (Capabilities.PciExpress is var pcie and not 0 && register == pcie + PcieRegister.DeviceControl
            && (enables & 0b10) != 0 && (value & PcieRegister.DeviceControlInitiateFlr) != 0)
        {
            IsDecoding = false;
            Bars.Reset();
        }
    }
}
