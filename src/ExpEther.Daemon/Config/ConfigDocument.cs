using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace ExpEther.Daemon.Config;

/// <summary>
/// A TOML file as sections and values that know their lines. Reading goes on past a mistake, so that one run reports all of them:
/// readers ask the sections for what they know, and <see cref="ThrowIfWrong"/> ends it.
/// </summary>
internal sealed class ConfigDocument
{
    private readonly List<ConfigError> _errors = [];

    private ConfigDocument(string file)
    {
        File = file;
        Root = new ConfigSection(this, "the top level", 1);
    }

    public string File { get; }

    public ConfigSection Root { get; }

    /// <summary>The file's mode where others than its owner may use it; null: they may not, or it is no file.</summary>
    public UnixFileMode? OpenMode { get; private init; }

    /// <summary>Paths in the file are relative to this folder.</summary>
    public string Folder => Path.GetDirectoryName(Path.GetFullPath(File)) ?? "/";

    /// <exception cref="ConfigException">It cannot be read, or is not TOML.</exception>
    public static ConfigDocument Load(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read);
            using var reader = new StreamReader(stream);
            var text = new char[ConfigLimits.FileBytesMax + 1];
            var length = reader.ReadBlock(text);
            if (length > ConfigLimits.FileBytesMax)
            {
                throw Unreadable(file, $"is larger than {ConfigLimits.FileBytesMax} bytes", "a configuration is a small TOML file; see docs/configuration.md");
            }

            // The mode of a pipe or a terminal says nothing about who may read what went through it.
            var mode = System.IO.File.GetUnixFileMode(stream.SafeFileHandle);
            return Parse(file, new string(text, 0, length), stream.CanSeek && KeyMaterial.IsOpenToOthers(mode) ? mode : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(file, $"cannot be read: {e.Message}", "name an existing, readable file; examples/io.toml and examples/host.toml are starts");
        }
    }

    /// <exception cref="ConfigException">It is not TOML.</exception>
    public static ConfigDocument Parse(string file, string text, UnixFileMode? openMode = null)
    {
        var document = new ConfigDocument(file) { OpenMode = openMode };
        var syntax = ParseSyntax(file, text);
        foreach (var message in syntax.Diagnostics)
        {
            document.Add(message.Span.Start.Line + 1, "", message.Message, "this is not TOML; see https://toml.io");
        }

        if (document._errors.Count > 0)
        {
            // What is missing cannot be told of a text that was not understood.
            throw new ConfigException(document._errors);
        }

        document.Take(syntax);
        return document;
    }

    /// <summary>Notes a mistake, once; past <see cref="ConfigLimits.ErrorsMax"/> no more of them.</summary>
    public void Add(int line, string key, string what, string remedy)
    {
        var error = new ConfigError(File, line, key, what, remedy);
        if (_errors.Count < ConfigLimits.ErrorsMax && !_errors.Contains(error))
        {
            _errors.Add(error);
        }
    }

    /// <summary>Reports every key nobody asked for, and ends reading if anything was wrong.</summary>
    public void ThrowIfWrong()
    {
        Root.ReportUnknown();
        if (_errors.Count > 0)
        {
            throw new ConfigException([.. _errors.OrderBy(e => e.Line)]);
        }
    }

    /// <summary>
    /// The parser throws exceptions of many types at texts that it does not expect: nesting that it refuses, an escape that it wants to quote. They are
    /// mistakes of the file like any other.
    /// </summary>
    private static DocumentSyntax ParseSyntax(string file, string text)
    {
        try
        {
            return SyntaxParser.Parse(text, file, validate: false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw Unreadable(file, $"cannot be understood: {e.Message}", "this is not TOML; see https://toml.io");
        }
    }

    private static ConfigException Unreadable(string file, string what, string remedy) => new([new ConfigError(file, 1, "", what, remedy)]);

    private void Take(DocumentSyntax syntax)
    {
        foreach (var pair in syntax.KeyValues)
        {
            Take(Root, pair);
        }

        foreach (var table in syntax.Tables)
        {
            var names = Names(table.Name!);
            var at = Root;
            for (var i = 0; i < names.Count - 1; i++)
            {
                at = at.Child(names[i].Name, names[i].Line);
            }

            var (name, line) = names[^1];
            var section = table is TableArraySyntax ? at.NewElement(name, line) : at.Child(name, line, isHeader: true);
            foreach (var pair in table.Items)
            {
                Take(section, pair);
            }
        }
    }

    private static void Take(ConfigSection section, KeyValueSyntax pair)
    {
        var names = Names(pair.Key!);
        var at = section;
        for (var i = 0; i < names.Count - 1; i++)
        {
            at = at.Child(names[i].Name, names[i].Line);
        }

        var (name, line) = names[^1];
        if (pair.Value is InlineTableSyntax inline)
        {
            var child = at.Child(name, line, isHeader: true);
            foreach (var item in inline.Items)
            {
                Take(child, item.KeyValue!);
            }

            return;
        }

        at.Put(name, new ConfigValue(ValueOf(pair.Value!), line));
    }

    private static List<(string Name, int Line)> Names(KeySyntax key)
    {
        var names = new List<(string, int)> { NameOf(key.Key!) };
        foreach (var dot in key.DotKeys)
        {
            names.Add(NameOf(dot.Key!));
        }

        return names;
    }

    private static (string Name, int Line) NameOf(BareKeyOrStringValueSyntax key) =>
        (key is StringValueSyntax quoted ? quoted.Value ?? "" : ((BareKeySyntax)key).Key?.Text ?? "", key.Span.Start.Line + 1);

    private static object ValueOf(ValueSyntax value) => value switch
    {
        StringValueSyntax text => text.Value ?? "",
        IntegerValueSyntax integer => integer.Value,
        BooleanValueSyntax boolean => boolean.Value,
        FloatValueSyntax number => number.Value,
        ArraySyntax array => array.Items.Select(item => new ConfigValue(ValueOf(item.Value!), item.Span.Start.Line + 1)).ToList(),
        _ => value,
    };
}
