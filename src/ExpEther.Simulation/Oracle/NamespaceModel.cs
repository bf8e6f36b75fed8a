using ExpEther.Core.Time;

namespace ExpEther.Simulation.Oracle;

/// <summary>
/// A namespace of a shared device: what is in it, and whose it is. The box's durable record says whose; what people were told by their commands
/// says whether that record is right (<see cref="KnownOwner"/>).
/// </summary>
internal sealed class NamespaceModel(string device, uint id, Guid uuid, DiskModel contents)
{
    private readonly List<Tenure> _tenures = [];

    public string Device => device;

    public uint Id => id;

    public Guid Uuid => uuid;

    public DiskModel Contents => contents;

    public string Name => contents.Name;

    public NamespaceFate Fate { get; set; }

    /// <summary>When it was deleted.</summary>
    public Instant GoneSince { get; private set; } = Instant.Never;

    /// <summary>The box said that it has no such namespace: it was not made, or was deleted and nobody was told.</summary>
    public bool IsMissing { get; set; }

    /// <summary>As the box's durable record has it; null: nobody.</summary>
    public string? Owner { get; private set; }

    /// <summary>Whose people were told it is; tells something only while <see cref="IsOwnerKnown"/>.</summary>
    public string? KnownOwner { get; private set; }

    public bool IsOwnerKnown { get; private set; }

    public void Know(string? owner)
    {
        KnownOwner = owner;
        IsOwnerKnown = true;
    }

    /// <summary>Its deletion succeeded.</summary>
    public void Bury(Instant now)
    {
        Fate = NamespaceFate.Gone;
        GoneSince = now;
    }

    public void ForgetOwner() => IsOwnerKnown = false;

    /// <summary>The box's record of it is durable.</summary>
    /// <param name="owner">Its owner now.</param>
    /// <param name="now">When.</param>
    /// <param name="isCommandRunning">Who changed it is not done: the owner before may reach it until then.</param>
    public void OnRecorded(string? owner, Instant now, bool isCommandRunning)
    {
        if (owner == Owner)
        {
            return;
        }

        Owner = owner;
        _tenures.ForEach(each => each.IsOver = true);
        if (!isCommandRunning)
        {
            Settle(now);
        }

        if (owner is not null)
        {
            _tenures.Add(new Tenure(owner));
        }
    }

    /// <summary>No command is running any more: who is not the owner cannot reach it from now on.</summary>
    public void Settle(Instant now)
    {
        foreach (var tenure in _tenures.Where(each => each.IsOver && each.End == Instant.Never))
        {
            tenure.End = now;
        }
    }

    /// <summary>Whether what a host began then may be answered.</summary>
    public bool MayBeOf(string host, Instant since) => _tenures.Exists(each => each.Host == host && each.End >= since);
}
