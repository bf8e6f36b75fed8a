using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Link;

namespace ExpEther.Bridge.Io.Changes;

/// <summary>
/// A change of which all that can fail has been done, and nothing can be noticed yet: new devices answer on their buses, new links exist
/// and are closed. Ask <see cref="Refusals"/>, and without leaving the owner's turn <see cref="Commit"/> if there are none; else
/// <see cref="Abandon"/>. One of the two is called, once.
/// </summary>
public sealed class PreparedChange
{
    private readonly BridgeChanges _changes;

    internal PreparedChange(BridgeChanges changes, IoBridgeChange change)
    {
        _changes = changes;
        Change = change;
    }

    internal IoBridgeChange Change { get; }

    /// <summary>What failed while it was made.</summary>
    internal List<ChangeRefusal> Failures { get; } = [];

    internal List<BusDevice> Devices { get; } = [];

    internal List<HostSession> Hosts { get; } = [];

    internal List<(HostSession Session, EtherLink Link)> Links { get; } = [];

    internal bool IsDone { get; set; }

    /// <summary>What stands in the way now; the fabric goes on while a change is prepared, so it may be something new.</summary>
    public IReadOnlyList<ChangeRefusal> Refusals() => _changes.Refusals(this);

    /// <summary>Makes all of it. It cannot fail: <see cref="Refusals"/> has just been empty.</summary>
    public void Commit() => _changes.Commit(this);

    /// <summary>Takes everything back that was prepared.</summary>
    public void Abandon() => _changes.Abandon(this);
}
