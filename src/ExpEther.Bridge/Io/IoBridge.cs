#pragma warning disable CA1822
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Status;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Pcie.Ports;

namespace ExpEther.Bridge.Io;

/// <summary>The I/O bridge: root complex of its device bus, and the sole authority on which host owns which function.</summary>
public sealed class IoBridge
{
    public IoBridge(IoBridgeOptions options, IOwnershipStore store, OwnerScheduler scheduler, IRandomSource random, IEventSink events)
    {
        Options = options;
        _ = (store, scheduler, random, events);
    }

    public IoBridgeOptions Options { get; }

    /// <summary>When <see cref="Poll"/> has something to do by itself; null when only a frame or a device can give it work.</summary>
    public Instant? NextDeadline => null;

    /// <summary>Plugs a device into the box, before <see cref="StartAsync"/>.</summary>
    public void AddDevice(string name, IPcieDevice device)
    {
    }

    /// <summary>Enumerates the devices, loads ownership and opens the links. A device that does not come up is listed as failed.</summary>
    public Task StartAsync() => Task.CompletedTask;

    /// <summary>Takes a frame that has come in on any port. What is not for this bridge is dropped and counted.</summary>
    public void OnFrame(in ReceivedFrame frame, Instant now)
    {
    }

    /// <summary>Writes the next frame to send; at least the MTU and 18 bytes of room.</summary>
    public bool TryTakeFrame(Instant now, Span<byte> into, out int written)
    {
        written = 0;
        return false;
    }

    /// <summary>Moves TLPs and timers on.</summary>
    /// <returns>True when something happened, so that the loop does not go to sleep.</returns>
    public bool Poll(Instant now) => false;

    /// <summary>Gives a function that nobody owns to a host. <paramref name="force"/>: takes it from whoever owns it, fenced at once.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="host">The host's name.</param>
    /// <param name="force">Do not ask the present owner.</param>
    /// <param name="progress">Told each step as it is reached.</param>
    public Task<BridgeResult> AttachAsync(string function, string host, bool force = false, Action<BridgeStep>? progress = null) =>
        Task.FromResult(BridgeResult.Refused(RefusalCode.NotStarted, "not started", "wait", function));

    /// <summary>Takes a function from its owner, who is asked to let go first unless <paramref name="force"/>.</summary>
    public Task<BridgeResult> DetachAsync(string function, bool force = false, Action<BridgeStep>? progress = null) =>
        Task.FromResult(BridgeResult.Refused(RefusalCode.NotStarted, "not started", "wait", function));

    /// <summary>Takes a function from its owner and gives it to another host.</summary>
    public Task<BridgeResult> MoveAsync(string function, string host, bool force = false, Action<BridgeStep>? progress = null) =>
        Task.FromResult(BridgeResult.Refused(RefusalCode.NotStarted, "not started", "wait", function));

    public IoBridgeStatus Status() => new(Options.Name, Options.Mac, [], [], []);
}
