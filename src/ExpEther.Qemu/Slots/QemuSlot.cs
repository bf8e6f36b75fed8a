using System.Buffers.Binary;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.RootComplex.Guests;
using ExpEther.VfioUser;

namespace ExpEther.Qemu.Slots;

/// <summary>
/// A slot as QEMU's vfio-user-pci client meets it: the function's BARs and configuration space as regions, each access passed on.
/// <para>
/// Theory: a client is served while the slot is offered and the function has been reset since the client before. Which function it is, and who manages
/// MSI-X, is settled when a client comes and stays so until it is gone: another function means another connection.
/// </para>
/// <para>
/// An access of a BAR that comes while decoding is off comes from a client that is no virtual machine; it waits until the BARs have been given addresses.
/// </para>
/// </summary>
internal sealed partial class QemuSlot : IVfioUserDevice, IGuestAccessSink, IDisposable
{
    private const int ConfigRegion = 7;
    private const int ConfigBytes = 4096;
    private const int MsixInterrupts = 2;
    private const int RequestInterrupts = 4;
    private const int MsixControlBytes = 4;
    private const int MessageBytes = 4;
    private const int CommandRegister = 4;

    /// <summary>Memory Space Enable and Bus Master Enable (PCIe 5.0 §7.5.1.1.3).</summary>
    private const int CommandEnables = 0b110;
    private const int CommandMemory = 0b010;
    private const int EndOfBars = 0x28;

    /// <summary>Tokens from here on are ours; a server's count from below.</summary>
    private const ulong OwnTokens = 0xFFFF_0000_0000_0000;

    /// <summary>Of a write whose end does not matter.</summary>
    internal const ulong PostedToken = ulong.MaxValue;

    private readonly string _name;
    private readonly IEventSink _events;
    private readonly Func<InterruptChoice> _choose;
    private readonly OwnerScheduler _scheduler;
    private readonly OwnerSignal _changed;
    private readonly ConfigFilter _filter = new();
    private readonly ManagedMsix _managed = new();
    private readonly BarReach _reach;
    private readonly ulong[] _endedWrites = new ulong[QemuLimits.EndedWritesMax];
    private int _endedCount;
    private InterruptChoice _interrupts;
    private GuestFunction? _function;
    private bool _isOffered;
    private bool _isLeaving;
    private string _leavingReason = "";
    private ulong _clientReset = PostedToken;
    private ulong _ownReset = OwnTokens;
    private bool? _ownResetDone;

    /// <param name="number">Physical slot number, from 1.</param>
    /// <param name="options">Of its socket.</param>
    /// <param name="choose">How interrupts are to go to a client that comes now.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="changed">Set by whatever changes here.</param>
    /// <param name="events">For the server's reports.</param>
    public QemuSlot(int number, VfioUserServerOptions options, Func<InterruptChoice> choose, OwnerScheduler scheduler, OwnerSignal changed, IEventSink events)
    {
        (Number, SocketPath, _scheduler, _changed, _choose) = (number, options.Path, scheduler, changed, choose);
        (_name, _events, _reach) = (options.Name, events, new BarReach(scheduler));
        Server = new VfioUserServer(options, this, events);
    }

    /// <summary>Physical slot number, from 1.</summary>
    public int Number { get; }

    public string SocketPath { get; }

    public VfioUserServer Server { get; }

    public GuestSlot? Guest { get; private set; }

    /// <summary>A client has got to know the function; one that still waits for a function has not.</summary>
    public bool IsTaken => _function is not null;

    /// <summary>A client has got to know the function, or is gone.</summary>
    public event Action? ClientChanged;

    /// <summary>The client's guest has turned memory decoding or bus mastering on: a driver, or firmware, has taken the function.</summary>
    public bool IsEnabled { get; private set; }

    /// <summary>How interrupts reach the client; null: no client has the function.</summary>
    public InterruptChoice? Interrupts => IsTaken ? _interrupts : null;

    /// <summary>By which the client can be asked to let go.</summary>
    public RequestInterrupt Request { get; } = new();

    /// <summary>A client has had the function: it may have left queues, addresses and DMA behind.</summary>
    public bool NeedsReset { get; private set; }

    public SlotCounters Counters { get; } = new();

    public bool IsReady => _isOffered && !NeedsReset && Guest?.Function is not null;

    /// <summary>A function has come, reset, and may be had by a client.</summary>
    public void Offer(GuestSlot guest)
    {
        Guest = guest;
        guest.Sink = this;
        _isOffered = true;

        // A client that has another function never sees this one; one that still waits for a function does.
        NeedsReset = IsTaken;
        Leave("another function came");
    }

    /// <summary>The function that is there may be had by a client again.</summary>
    public void OfferAgain() => _isOffered = true;

    /// <summary>No further client gets the function; the one that has it keeps it.</summary>
    public void Withdraw() => _isOffered = false;

    /// <summary>
    /// Takes the function from the client that has it, by ending the connection: at the next <see cref="Poll"/>, which is not within one of the
    /// bridge's accesses to the client's memory.
    /// </summary>
    public void Leave(string reason)
    {
        _isLeaving = IsTaken;
        _leavingReason = reason;
    }

    /// <summary>Resets the function for the next client. Bounded.</summary>
    /// <returns>False: it did not come back.</returns>
    public async Task<bool> ResetAsync()
    {
        _ownReset = _ownReset + 1 == PostedToken ? OwnTokens : _ownReset + 1;
        _ownResetDone = null;
        if (Guest is not { } guest)
        {
            return false;
        }

        // The reset that a client asked for before it went has to end first.
        var deadline = _scheduler.Now + QemuLimits.ResetTimeout;
        while (!guest.TryReset(_ownReset))
        {
            if (_scheduler.Now >= deadline)
            {
                return false;
            }

            await _scheduler.Delay(QemuLimits.ResetRetry);
        }

        Counters.ResetsBetweenClients++;
        await _changed.WaitUntil(() => _ownResetDone is not null, QemuLimits.ResetTimeout);
        NeedsReset = _ownResetDone is not true || IsTaken;
        return _ownResetDone is true;
    }

    /// <param name="now">The time.</param>
    /// <param name="isReady">The server's descriptor is readable.</param>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now, bool isReady)
    {
        if (!Server.Advance(now) && !isReady && !_isLeaving && _endedCount == 0 && !_managed.HasWork)
        {
            return false;
        }

        if (_isLeaving)
        {
            Server.Disconnect(_leavingReason);
            _isLeaving = false;
        }

        var active = Server.Poll(now, isReady);
        for (var i = 0; i < _endedCount; i++)
        {
            Server.CompleteWrite(_endedWrites[i], true);
            active = true;
        }

        _endedCount = 0;
        return active | (_managed.HasWork && Guest is { } guest && (_managed.IsUsed ? _reach.MayGo(guest) : guest.IsDecoding) && _managed.Flush(guest));
    }

    /// <summary>An interrupt message of the function.</summary>
    public void RaiseInterrupt(HostAddress address, uint data)
    {
        bool isRaised;
        if (_interrupts.Mode == InterruptMode.EventFd)
        {
            isRaised = _managed.Raise(data);
        }
        else
        {
            Span<byte> message = stackalloc byte[MessageBytes];
            BinaryPrimitives.WriteUInt32LittleEndian(message, data);
            isRaised = Server.TryWriteMessage(address, message);
        }

        if (isRaised)
        {
            Counters.Interrupts++;
        }
        else
        {
            Counters.InterruptsLost++;
        }
    }

    public void Dispose() => Server.Dispose();

    /// <summary>The function as the client that is there gets to know it, from its first question on.</summary>
    private GuestFunction? Describe()
    {
        if (!IsTaken && IsReady && Guest?.Function is { } function)
        {
            _function = function;
            IsEnabled = false;
            _interrupts = _choose();
            _filter.Begin(function, _interrupts.Mode == InterruptMode.Message);
            _managed.Begin(function);
            _events.Report(
                EventSeverity.Information, _name,
                $"a vfio-user client (process {Server.ClientProcess}) has the function; its interrupts go by {_interrupts.Name}: {_interrupts.Reason}");
            ClientChanged?.Invoke();
        }

        return _function;
    }
}
