using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>
/// The I/O bridge's own configuration traffic (row 8): requests from a reserved requester ID, answered by completions that never leave the
/// box. On the bus that a device captures they are of type 0, on those behind it, where its virtual functions may be, of type 1. A request
/// that is not answered in time ends as timed out, but its tag stays taken until its completion comes or the device is reset.
/// </summary>
internal sealed class DeviceConfigAccess(OwnerScheduler scheduler, TimeSpan completionTimeout) : IConfigAccess
{
    /// <summary>Bus 0 has no device: nobody else has this ID.</summary>
    public static readonly Rid Reserved = new(0, 0, 0);

    private readonly IPcieDevice?[] _devices = new IPcieDevice?[256];
    private readonly byte[] _captured = new byte[256];
    private readonly Request[] _requests = new Request[IoBridgeLimits.ConfigRequestsMax];
    private readonly int[] _waiting = new int[256];
    private readonly byte[] _tlp = new byte[TlpLimits.HeaderBytesMax + 4];
    private readonly OwnerSignal _freed = new(scheduler);
    private int _next;
    private int _waitingAll;

    public long TimedOut { get; private set; }

    public long Unexpected { get; private set; }

    /// <summary>The earliest timeout; null when nothing waits.</summary>
    public Instant? NextDeadline
    {
        get
        {
            if (_waitingAll == 0)
            {
                return null;
            }

            Instant? earliest = null;
            foreach (var request in _requests)
            {
                if (request.Waiter is not null)
                {
                    earliest = Instant.Earliest(earliest, request.Deadline);
                }
            }

            return earliest;
        }
    }

    /// <summary>A device is on these buses and captures the first.</summary>
    public void Add(byte bus, byte lastBus, IPcieDevice device)
    {
        for (int each = bus; each <= lastBus; each++)
        {
            _devices[each] = device;
            _captured[each] = bus;
        }
    }

    /// <summary>The device that captures this bus is on none of its buses any more; what it owed never comes.</summary>
    public void Remove(byte bus)
    {
        Release(bus);
        for (var each = 0; each < _devices.Length; each++)
        {
            if (_captured[each] == bus)
            {
                _devices[each] = null;
                _captured[each] = 0;
            }
        }
    }

    /// <summary>Requests that wait for the device that captures this bus.</summary>
    public int WaitingFor(byte bus) => _waiting[bus];

    public async ValueTask<ConfigResult> ReadAsync(Rid target, int register)
    {
        if (_devices[target.Bus] is not { } device)
        {
            return ConfigResult.Failed(ConfigStatus.UnsupportedRequest);
        }

        var tag = await TakeTagAsync();
        var length = new ConfigRead(Reserved, tag, target, register, IsType1(target)).Write(_tlp);
        return await SendAsync(device, target, tag, length);
    }

    public async ValueTask<ConfigStatus> WriteAsync(Rid target, int register, uint value, int enables = 0xF)
    {
        if (_devices[target.Bus] is not { } device)
        {
            return ConfigStatus.UnsupportedRequest;
        }

        var tag = await TakeTagAsync();
        var length = new ConfigWrite(Reserved, tag, target, register, IsType1(target), value, enables).Write(_tlp);
        return (await SendAsync(device, target, tag, length)).Status;
    }

    /// <summary>
    /// A completion whose requester is <see cref="Reserved"/>. Its completer ID says little: a device that was given another bus, or none yet,
    /// learns its ID from the next write (PCIe 5.0 §2.2.6.2).
    /// </summary>
    /// <param name="view">The completion.</param>
    /// <param name="bus">That which the device captures from which it comes.</param>
    public void OnCompletion(in TlpView view, byte bus)
    {
        var tag = view.Tag.Value;
        if (tag >= _requests.Length || !_requests[tag].Taken || _captured[_requests[tag].Target.Bus] != bus)
        {
            Unexpected++;
            return;
        }

        var result = view.Status switch
        {
            CompletionStatus.SuccessfulCompletion when view.Payload.Length == 4 => new ConfigResult(
                ConfigStatus.Success, System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(view.Payload)),
            CompletionStatus.SuccessfulCompletion => new ConfigResult(ConfigStatus.Success, 0),
            CompletionStatus.ConfigurationRequestRetry => ConfigResult.Failed(ConfigStatus.RetryStatus),
            CompletionStatus.CompleterAbort => ConfigResult.Failed(ConfigStatus.CompleterAbort),
            _ => ConfigResult.Failed(ConfigStatus.UnsupportedRequest),
        };
        Finish(tag, result);
        _requests[tag].Taken = false;
        _freed.Set();
    }

    /// <summary>Ends what is overdue.</summary>
    public void OnTime(Instant now)
    {
        if (_waitingAll == 0)
        {
            return;
        }

        for (var tag = 0; tag < _requests.Length; tag++)
        {
            if (_requests[tag].Waiter is not null && _requests[tag].Deadline <= now)
            {
                TimedOut++;
                Finish(tag, ConfigResult.Failed(ConfigStatus.TimedOut));
            }
        }
    }

    /// <summary>The device that captures this bus was reset: what it owed never comes.</summary>
    public void Release(byte bus)
    {
        for (var tag = 0; tag < _requests.Length; tag++)
        {
            if (_requests[tag].Taken && _captured[_requests[tag].Target.Bus] == bus)
            {
                Finish(tag, ConfigResult.Failed(ConfigStatus.TimedOut));
                _requests[tag].Taken = false;
            }
        }

        _freed.Set();
    }

    private bool IsType1(Rid target) => _captured[target.Bus] != target.Bus;

    private void Finish(int tag, ConfigResult result)
    {
        ref var request = ref _requests[tag];
        if (request.Waiter is { } waiter)
        {
            request.Waiter = null;
            _waiting[_captured[request.Target.Bus]]--;
            _waitingAll--;
            waiter.TrySetResult(result);
        }
    }

    private async ValueTask<Tag> TakeTagAsync()
    {
        while (true)
        {
            for (var i = 0; i < _requests.Length; i++)
            {
                _next = (_next + 1) % _requests.Length;
                if (!_requests[_next].Taken)
                {
                    _requests[_next].Taken = true;
                    return new Tag((ushort)_next);
                }
            }

            await _freed.Next(scheduler.Now + completionTimeout);
        }
    }

    private Task<ConfigResult> SendAsync(IPcieDevice device, Rid target, Tag tag, int length)
    {
        var waiter = new TaskCompletionSource<ConfigResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[tag.Value] = new Request { Taken = true, Target = target, Deadline = scheduler.Now + completionTimeout, Waiter = waiter };
        _waiting[_captured[target.Bus]]++;
        _waitingAll++;
        Check.That(device.TryAccept(_tlp.AsSpan(0, length), scheduler.Now));
        return waiter.Task;
    }

    private struct Request
    {
        public bool Taken;
        public Rid Target;
        public Instant Deadline;
        public TaskCompletionSource<ConfigResult>? Waiter;
    }
}
