namespace ExpEther.VfioUser.Sessions;

/// <summary>
/// What an operator should know of a client, each with its remedy: ranges of memory that cannot be used as they are, for as long as they are mapped, and
/// what stays wrong for the connection's life. Bounded; beyond that only the number is kept.
/// </summary>
internal sealed class ClientTroubles
{
    private readonly List<(ulong First, ulong Last, string Text)> _list = [];
    private string[] _texts = [];
    private int _more;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<string> Texts => _texts;

    /// <summary>Of a range of the client's memory. One that is told already, since the client tries again, is not told twice.</summary>
    public void Add(ulong first, ulong last, string text)
    {
        if (_list.Exists(t => t.Text == text))
        {
            return;
        }

        if (_list.Count < VfioUserLimits.TroublesMax)
        {
            _list.Add((first, last, text));
        }
        else
        {
            _more++;
        }

        Renew();
    }

    /// <summary>Of the connection.</summary>
    public void Add(string text) => Add(ulong.MaxValue, 0, text);

    /// <summary>The range is not mapped any more.</summary>
    public void Remove(ulong first, ulong last)
    {
        if (_list.RemoveAll(t => t.First <= t.Last && t.First >= first && t.Last <= last) > 0)
        {
            Renew();
        }
    }

    private void Renew() => _texts = [.. _list.Select(t => t.Text), .. _more > 0 ? [$"and {_more} more ranges of memory like these"] : Array.Empty<string>()];
}
