namespace ExpEther.Daemon.Config;

internal static class Uniqueness
{
    /// <summary>
    /// Reports every table whose value of <paramref name="key"/> an earlier one of the list has too. Two derived values are equal only
    /// where what they derive from is, and that is reported by itself.
    /// </summary>
    public static void Check<TItem, TValue>(IReadOnlyList<ConfigSection> sections, IReadOnlyList<TItem> items, string key, Func<TItem, TValue> valueOf)
        where TValue : notnull
    {
        var first = new Dictionary<TValue, ConfigSection>();
        for (var i = 0; i < items.Count; i++)
        {
            var value = valueOf(items[i]);
            if (!first.TryAdd(value, sections[i]) && (sections[i].Has(key) || first[value].Has(key)))
            {
                sections[i].Wrong(key, $"is the same as in line {first[value].LineOf(key)}", "give each its own");
            }
        }
    }
}
