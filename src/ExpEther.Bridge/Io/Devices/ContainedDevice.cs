using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>
/// A device as the bridge meets it: an exception that it throws stays here. From then on the device takes everything and says nothing, so no
/// DMA of it and no interrupt leaves the box, and its state is never used again; the bridge fences its functions (<see cref="DeviceFence"/>).
/// </summary>
internal sealed class ContainedDevice(IPcieDevice device) : IPcieDevice
{
    private bool _isTold;

    /// <summary>What was thrown in it, or because of it; null: it works.</summary>
    public Exception? Failure { get; private set; }

    public bool HasFailed => Failure is not null;

    /// <summary>A failure that nobody was told of is looked at as soon as can be.</summary>
    public Instant? NextDeadline
    {
        get
        {
            if (!HasFailed)
            {
                try
                {
                    return device.NextDeadline;
                }
                catch (Exception e)
                {
                    Fail(e);
                }
            }

            return _isTold ? null : Instant.Zero;
        }
    }

    public IFunctionFlowControl? FlowControl => HasFailed ? null : device.FlowControl;

    public IResumableDevice? Resumable => HasFailed ? null : device.Resumable;

    /// <summary>The bridge's own work for the device went wrong: nothing of it can be trusted either.</summary>
    public void Fail(Exception e) => Failure ??= e;

    /// <summary>The failure, once.</summary>
    public bool TryTakeFailure(out Exception? failure)
    {
        failure = Failure;
        var isNew = HasFailed && !_isTold;
        _isTold |= HasFailed;
        return isNew;
    }

    /// <summary>True always: a device that takes nothing when it must is as good as a broken one.</summary>
    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        if (HasFailed)
        {
            return true;
        }

        try
        {
            if (!device.TryAccept(tlp, now))
            {
                Fail(new InvariantException("the device did not take a TLP"));
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }

        return true;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        length = 0;
        if (HasFailed)
        {
            return false;
        }

        try
        {
            return device.TryTake(now, into, out length);
        }
        catch (Exception e)
        {
            Fail(e);
            return false;
        }
    }

    public bool Poll(Instant now)
    {
        if (HasFailed)
        {
            return false;
        }

        try
        {
            return device.Poll(now);
        }
        catch (Exception e)
        {
            Fail(e);
            return true;
        }
    }

    public void Reset(Instant now)
    {
        if (HasFailed)
        {
            return;
        }

        try
        {
            device.Reset(now);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }
}
