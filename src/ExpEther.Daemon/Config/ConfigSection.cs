using System.Numerics;
using ExpEther.Link;

namespace ExpEther.Daemon.Config;

/// <summary>
/// One table of a configuration file. A reader asks for keys by name and type; a wrong or missing value is reported to the document
/// and the default is handed out, so reading goes on. Keys nobody asked for are unknown.
/// </summary>
internal sealed class ConfigSection(ConfigDocument document, string title, int line)
{
    private readonly Dictionary<string, ConfigValue> _values = [];
    private readonly Dictionary<string, List<ConfigSection>> _sections = [];
    private readonly HashSet<string> _arrays = [];
    private readonly HashSet<string> _headers = [];
    private readonly List<string> _known = [];

    public int Line { get; } = line;

    public ConfigDocument Document => document;

    public bool Has(string key) => _values.ContainsKey(key) || _sections.ContainsKey(key);

    public int LineOf(string key) =>
        _values.TryGetValue(key, out var value) ? value.Line : _sections.TryGetValue(key, out var sections) ? sections[0].Line : Line;

    public void Wrong(string key, string what, string remedy) => document.Add(LineOf(key), key, what, remedy);

    public void Missing(string key, string remedy) => document.Add(Line, key, $"is missing in {title}", remedy);

    public string? Text(string key, string? fallback = null, int charsMax = 4096)
    {
        if (!TryGet<string>(key, "a string in quotes", out var text))
        {
            return fallback;
        }

        if (text.Length == 0 || text.Length > charsMax)
        {
            Wrong(key, text.Length == 0 ? "is empty" : $"has {text.Length} characters", $"write 1 to {charsMax} characters");
            return fallback;
        }

        return IsPlain(key, text) ? text : fallback;
    }

    /// <summary>A name: letters, digits, '-', '_' and '.', so that it can be part of a file name and of a command line.</summary>
    public string Name(string key, string? fallback = null)
    {
        _ = Know(key);
        if (!_values.ContainsKey(key))
        {
            if (fallback is null)
            {
                Missing(key, $"add: {key} = \"...\"");
            }

            return fallback ?? "?";
        }

        var name = Text(key, null, ConfigLimits.NameCharsMax);
        if (name is null)
        {
            return "?";
        }

        if (!NodeName.IsValid(name))
        {
            Wrong(key, $"\"{name}\" is not a name", "use letters, digits, '-', '_' and '.', a letter or digit first");
        }

        return name;
    }

    /// <summary>A path, relative to the file's folder.</summary>
    public string? FullPath(string key) => Text(key) is { } path ? Path.GetFullPath(path, document.Folder) : null;

    /// <param name="key">Its name.</param>
    /// <param name="min">The least allowed.</param>
    /// <param name="max">The most allowed.</param>
    /// <param name="fallback">Without it.</param>
    /// <param name="unit">Of the number.</param>
    /// <param name="hasDefault">False: <paramref name="fallback"/> is no number that a user could write.</param>
    public T Number<T>(string key, T min, T max, T fallback, string unit = "", bool hasDefault = true)
        where T : struct, IBinaryInteger<T>
    {
        if (!TryGet<long>(key, "an integer", out var value))
        {
            return fallback;
        }

        if (value >= long.CreateSaturating(min) && value <= long.CreateSaturating(max))
        {
            return T.CreateChecked(value);
        }

        Wrong(key, $"{value} is out of range", $"allowed: {min} to {max}{(unit.Length > 0 ? " " + unit : "")}{(hasDefault ? $", default {fallback}" : "")}");
        return fallback;
    }

    public bool Flag(string key, bool fallback) => TryGet<bool>(key, "true or false", out var value) ? value : fallback;

    /// <summary>One of a few words.</summary>
    public string Choice(string key, string fallback, params ReadOnlySpan<string> words)
    {
        var expected = string.Join(" or ", words.ToArray().Select(word => $"\"{word}\""));
        if (!TryGet<string>(key, expected, out var text))
        {
            return fallback;
        }

        foreach (var word in words)
        {
            if (word == text)
            {
                return text;
            }
        }

        Wrong(key, $"\"{text}\" is not known", $"write {expected}");
        return fallback;
    }

    public IReadOnlyList<string> Texts(string key, int countMax)
    {
        if (!TryGet<List<ConfigValue>>(key, "an array of strings", out var items))
        {
            return [];
        }

        if (items.Count > countMax || items.Any(item => item.Value is not string))
        {
            Wrong(
                key, items.Count > countMax ? $"has {items.Count} entries" : "has an entry that is not a string",
                $"write at most {countMax} strings: [\"...\"]");
            return [];
        }

        string[] texts = [.. items.Select(item => (string)item.Value)];
        return texts.All(text => IsPlain(key, text)) ? texts : [];
    }

    /// <summary>The table of this name; an empty one when the file has none.</summary>
    public ConfigSection Section(string key)
    {
        _ = Know(key);
        if (_arrays.Contains(key))
        {
            document.Add(_sections[key][0].Line, key, "is written as [[...]] but exists once", $"write [{key}]");
        }

        if (_values.TryGetValue(key, out var value))
        {
            document.Add(value.Line, key, $"is {value.Kind}, not a table", $"write [{key}] and its keys below it");
        }

        return _sections.TryGetValue(key, out var found) ? found[0] : new ConfigSection(document, $"[{key}]", Line);
    }

    /// <summary>All tables of this name, written as <c>[[name]]</c>.</summary>
    public IReadOnlyList<ConfigSection> Sections(string key, int countMax)
    {
        _ = Know(key);
        if (_values.TryGetValue(key, out var value))
        {
            document.Add(value.Line, key, $"is {value.Kind}, not a list of tables", $"write [[{key}]] and its keys below it");
        }

        if (!_sections.TryGetValue(key, out var found))
        {
            return [];
        }

        if (!_arrays.Contains(key))
        {
            document.Add(found[0].Line, key, "is written as [...] but is a list", $"write [[{key}]], once for each");
        }

        if (found.Count > countMax)
        {
            document.Add(found[countMax].Line, key, $"is the {countMax + 1}th of its kind", $"at most {countMax} are allowed");
        }

        return found;
    }

    public void Put(string key, ConfigValue value)
    {
        if (!_values.TryAdd(key, value))
        {
            document.Add(value.Line, key, $"is given twice in {title}, first in line {_values[key].Line}", "remove one of them");
        }
    }

    public ConfigSection Child(string key, int at, bool isHeader = false)
    {
        if (_sections.TryGetValue(key, out var found))
        {
            if (isHeader && !_headers.Add(key))
            {
                document.Add(at, key, $"is given twice, first in line {found[^1].Line}", "remove one of them, or write [[...]] if it is a list");
            }

            return found[^1];
        }

        if (isHeader)
        {
            _headers.Add(key);
        }

        var child = new ConfigSection(document, $"[{key}]", at);
        _sections.Add(key, [child]);
        return child;
    }

    public ConfigSection NewElement(string key, int at)
    {
        var child = new ConfigSection(document, $"[[{key}]]", at);
        if (!_sections.TryGetValue(key, out var found))
        {
            _sections.Add(key, found = []);
        }

        _arrays.Add(key);
        found.Add(child);
        return child;
    }

    public void ReportUnknown()
    {
        if (_known.Count == 0)
        {
            // A table that was not read, such as the second of a name that stands for one: that mistake has been told.
            return;
        }

        foreach (var (key, at) in _values.Select(v => (v.Key, v.Value.Line)).Concat(_sections.Select(s => (s.Key, s.Value[0].Line))))
        {
            if (!_known.Contains(key))
            {
                document.Add(at, key, $"is not known in {title}", Suggestion.For(key, _known));
            }
        }

        foreach (var section in _sections.Where(s => _known.Contains(s.Key)).SelectMany(s => s.Value))
        {
            section.ReportUnknown();
        }
    }

    /// <summary>No path, name or serial has control characters, and most interfaces of the system cannot take U+0000.</summary>
    private bool IsPlain(string key, string text)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c))
            {
                Wrong(key, $"has the control character U+{(int)c:X4}", "remove it; in single quotes '...' a backslash is an ordinary character");
                return false;
            }
        }

        return true;
    }

    private bool Know(string key)
    {
        if (!_known.Contains(key))
        {
            _known.Add(key);
        }

        return true;
    }

    private bool TryGet<T>(string key, string expected, out T value)
    {
        _ = Know(key);
        value = default!;
        if (!_values.TryGetValue(key, out var found))
        {
            if (_sections.TryGetValue(key, out var section))
            {
                document.Add(section[0].Line, key, "is a table", $"write {expected}");
            }

            return false;
        }

        if (found.Value is T right)
        {
            value = right;
            return true;
        }

        Wrong(key, $"is {found.Kind}", $"write {expected}");
        return false;
    }
}
