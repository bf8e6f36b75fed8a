using System.Globalization;
using System.Reflection;
using System.Text;

namespace ExpEther.Core.Counters;

/// <summary>
/// A list of all that is counted somewhere, in the order in which people are shown it, put together once per layout. Names of
/// properties become names of entries, their first letter in lower case.
/// </summary>
public sealed class CounterTree
{
    private readonly List<CounterEntry> _entries = [];
    private string _prefix = "";

    private delegate long PropertyOf<T>(ref T counters)
        where T : struct;

    public IReadOnlyList<CounterEntry> Entries => _entries;

    public void Text(string name, string value) => _entries.Add(new CounterEntry(_prefix + name, CounterKind.Text, value, null));

    public void Flag(string name, Func<bool> read) => Add(name, CounterKind.Flag, () => read() ? 1 : 0);

    public void Counter(string name, Func<long> read) => Add(name, CounterKind.Counter, read);

    public void Gauge(string name, Func<long> read) => Add(name, CounterKind.Gauge, read);

    public void Nanoseconds(string name, Func<long> read) => Add(name, CounterKind.Nanoseconds, read);

    /// <summary>Entries that belong together, under a name of their own.</summary>
    public void Object(string name, Action add) => Under($"{_prefix}{name}.", add);

    /// <summary>One group of entries for each of some things; the first entry should be a text or number that tells them apart.</summary>
    public void List<T>(string name, IReadOnlyList<T> things, Action<T> add)
    {
        var path = _prefix + name;
        var count = things.Count;
        Add(name, CounterKind.List, () => count);
        for (var i = 0; i < count; i++)
        {
            var thing = things[i];
            Under(string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]."), () => add(thing));
        }
    }

    /// <summary>Every public property that is a <see cref="long"/>, each a counter.</summary>
    public void All(object counters)
    {
        foreach (var property in CountersOf(counters.GetType()))
        {
            Counter(NameOf(property), property.GetMethod!.CreateDelegate<Func<long>>(counters));
        }
    }

    /// <summary>The same for a structure that lives in a field.</summary>
    public void All<T>(CounterReference<T> counters)
        where T : struct
    {
        foreach (var property in CountersOf(typeof(T)))
        {
            var read = property.GetMethod!.CreateDelegate<PropertyOf<T>>();
            Counter(NameOf(property), () => read(ref counters()));
        }
    }

    private static IEnumerable<PropertyInfo> CountersOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.PropertyType == typeof(long) && p.GetMethod is { IsPublic: true });

    private static string NameOf(PropertyInfo property)
    {
        var name = new StringBuilder(property.Name);
        name[0] = char.ToLowerInvariant(name[0]);
        return name.ToString();
    }

    private void Add(string name, CounterKind kind, Func<long> read) => _entries.Add(new CounterEntry(_prefix + name, kind, "", read));

    private void Under(string prefix, Action add)
    {
        var outer = _prefix;
        _prefix = prefix;
        add();
        _prefix = outer;
    }
}
