using System.Text.Json.Nodes;
using ExpEther.Bridge.Hosts;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Loop;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Hosts;

/// <summary>One host of a daemon: a host bridge, and above it what makes it a host.</summary>
internal abstract class DaemonHost(HostBridgeConfig config) : IOwnedPart, IDisposable
{
    /// <summary>As it holds now.</summary>
    public HostBridgeConfig Config { get; private set; } = config;

    public abstract HostBridge Bridge { get; }

    public MacAddress Mac => Config.Mac;

    public abstract Instant? NextDeadline { get; }

    /// <summary>What else the loop is to wake for; the same for the host's life.</summary>
    public virtual IReadOnlyList<int> PollFileDescriptors => [];

    public FrameTrust OnFrame(in ReceivedFrame frame, Instant now) => Bridge.OnFrame(frame, now);

    public bool TryTakeFrame(Instant now, Span<byte> into, out int written) => Bridge.TryTakeFrame(now, into, out written);

    /// <summary>A bug of ours ended this host and no other, until the daemon restarts or a reload makes it anew.</summary>
    public bool HasFailed { get; private set; }

    public abstract bool Poll(Instant now);

    /// <summary>Lets go of what others wait for, when the host has failed; null: it has not joined a machine.</summary>
    public Action<Exception>? Fenced { get; set; }

    /// <summary>The scope of the host's sequences. Null until the host has joined a machine.</summary>
    public SequenceScope? Scope { get; set; }

    /// <summary>The others of the machine go on.</summary>
    public bool TryFence(Exception e)
    {
        HasFailed = true;
        Fenced?.Invoke(e);
        return Fenced is not null;
    }

    public void Close(Instant now) => Bridge.Close(now);

    /// <summary>Enumerates the logical switch and takes its slots into use; once, on the scheduler.</summary>
    public abstract Task EnumerateAsync();

    /// <summary>
    /// Before the daemon ends: whoever uses the host's functions lets go of them, in order and in bounded time. On the scheduler; the bridge still works.
    /// </summary>
    public virtual Task LeaveAsync() => Task.CompletedTask;

    /// <summary>Another key, other times: all of a configuration that can change while the host runs.</summary>
    public void Change(HostBridgeConfig config, LinkConfig link)
    {
        Config = config;
        Bridge.Change(config.Key, link.LinkDead, link.PathSilent, config.CompletionTimeout);
        OnChanged();
    }

    /// <summary>What a slot's state says beside what the bridge knows of it.</summary>
    public abstract void Describe(SlotStatus slot, JsonObject into);

    /// <summary>What the host's state says beside its slots and boxes.</summary>
    public virtual void Describe(JsonObject into)
    {
    }

    /// <summary>Makes what is known of the host as new as can be had; bounded.</summary>
    public virtual Task RefreshAsync() => Task.CompletedTask;

    /// <summary>Names what is counted above the bridge.</summary>
    public abstract void AddShape(CounterShape shape);

    /// <summary>Adds what is counted above the bridge.</summary>
    public abstract void AddCounters(CounterTree tree);

    public abstract void Dispose();

    /// <summary>Another configuration holds.</summary>
    protected abstract void OnChanged();

    protected static HostBridgeOptions BridgeOptions(
        HostBridgeConfig config, HostConfig daemon, int mtuBytes, StageClock stages, ISlotStore slots) => new()
    {
        Name = config.Name,
        Mac = config.Mac,
        Vlan = config.Vlan,
        Key = config.Key,
        Sealed = daemon.Link.Sealed,
        EtherType = daemon.Port.EtherType,
        MtuBytes = mtuBytes,
        Slots = config.Slots,
        LinkDead = daemon.Link.LinkDead,
        PathSilent = daemon.Link.PathSilent,
        CompletionTimeout = config.CompletionTimeout,
        SlotStore = slots,
        Stages = stages,
    };
}
