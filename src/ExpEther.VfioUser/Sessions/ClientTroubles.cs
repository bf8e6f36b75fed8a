namespace ExpEther.VfioUser.Sessions;

/// <summary>
/// What an operator should know of a client, each with its remedy: ranges of memory that cannot be used as they are, for as long as they are mapped, and
/// what stays wrong for the connection's life. Bounded; beyond that only the number is kept.
/// </summary>
internal sealed class ClientTroubles
{
    private readonly List<(ulong First, ulong Last, ClientTrouble Trouble)> _list = [];
    private int _more;

    /// <summary>Oldest first. Another list after every change.</summary>
    public IReadOnlyList<ClientTrouble> All { get; private set; } = [];

    /// <summary>Of a range of the client's memory. One that is told already, since the client tries again, is not told twice.</summary>
    public void Add(ulong first, ulong last, EventSeverity severity, string text)
    {
        if (_list.Exists(t => t.Trouble.Text == text))
        {
            return;
        }

        if (_list.Count < VfioUserLimits.TroublesMax)
        {
            _list.Add((first, last, new ClientTrouble(severity, text)));
        }
        else
        {
            _more++;
        }

        Renew();
    }

    /// <summary>Of the connection.</summary>
    public void Add(EventSeverity severity, string text) => Add(ulong.MaxValue, 0, severity, text);

    /// <summary>The range is not mapped any more.</summary>
    public void Remove(ulong first, ulong last)
    {
        if (_list.RemoveAll(t => t.First <= t.Last && t.First >= first && t.Last <= last) > 0)
        {
            Renew();
        }
    }

    private void Renew()
    {
        ClientTrouble[] rest = _more > 0 ? [new ClientTrouble(EventSeverity.Warning, $"and {_more} more ranges of memory like these")] : [];
        All = [.. _list.Select(t => t.Trouble), .. rest];
    }
}
