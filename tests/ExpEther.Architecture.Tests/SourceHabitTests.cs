using System.Globalization;
using System.Text.RegularExpressions;

namespace ExpEther.Architecture.Tests;

/// <summary>Habits that a reader of the code counts on (CONTRIBUTING.md, "Habits").</summary>
public partial class SourceHabitTests
{
    [Fact]
    public void Only_the_Linux_project_declares_native_functions()
    {
        var wrong = Repository.Sources("src")
            .Where(file => !file.StartsWith("src/ExpEther.Linux/", StringComparison.Ordinal))
            .Where(file => NativeDeclaration().IsMatch(Read(file)));

        Assert.Empty(wrong);
    }

    [Fact]
    public void A_file_declares_one_top_level_type_named_like_the_file()
    {
        var wrong = from file in Repository.Sources("src")
                    where Path.GetFileName(file) != "Program.cs"
                    let types = TopLevelType().Matches(Read(file)).Select(match => match.Groups["name"].Value).Distinct().ToList()
                    let name = Path.GetFileNameWithoutExtension(file).Split('.')[0]
                    where types.Count != 1 || types[0] != name
                    select $"{file}: {string.Join(", ", types)}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void A_namespace_is_its_project_and_folder()
    {
        var wrong = from file in Repository.Sources("src")
                    let declared = Namespace().Match(Read(file)).Groups["name"].Value
                    let expected = Path.GetDirectoryName(file)!.Replace('\\', '/')["src/".Length..].Replace('/', '.')
                    where declared.Length > 0 && declared != expected
                    select $"{file}: {declared}, not {expected}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_test_waits_by_sleeping()
    {
        // In these tests the length of a silence is what is tested: a stimulus, not a wait.
        string[] stimuli = ["Silence/SilenceTests.cs", "Faults/CableTests.cs", "Booting/BootTests.cs"];
        var wrong = Repository.Sources("tests").Where(file => !file.EndsWith("SourceHabitTests.cs", StringComparison.Ordinal)
            && Sleep().Count(Read(file)) > (stimuli.Any(s => file.EndsWith(s, StringComparison.Ordinal)) ? 1 : 0));

        Assert.Empty(wrong);
    }

    [Fact]
    public void Nothing_is_left_to_do_without_an_issue()
    {
        var wrong = Repository.Sources("src").Concat(Repository.Sources("tests"))
            .Where(file => !file.EndsWith("SourceHabitTests.cs", StringComparison.Ordinal) && Unfinished().IsMatch(Read(file)));

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_line_is_longer_than_the_editor_is_told()
    {
        var max = int.Parse(LineLength().Match(Read(".editorconfig")).Groups["max"].Value, CultureInfo.InvariantCulture);
        var wrong = from file in Repository.Sources("src").Concat(Repository.Sources("tests"))
                    from line in Read(file).Split('\n').Index()
                    where line.Item.TrimEnd('\r').Length > max
                    select $"{file}:{line.Index + 1}";

        Assert.Empty(wrong);
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    [GeneratedRegex(@"\[(LibraryImport|DllImport)\b")]
    private static partial Regex NativeDeclaration();

    [GeneratedRegex(
        @"^(?:public |internal |file )(?:(?:static|sealed|abstract|readonly|ref|partial|unsafe) )*"
        + @"(?:record struct|record class|record|class|struct|interface|enum|delegate (?:ref )?[\w<>?\[\]\.]+) (?<name>\w+)",
        RegexOptions.Multiline)]
    private static partial Regex TopLevelType();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^max_line_length = (?<max>\d+)", RegexOptions.Multiline)]
    private static partial Regex LineLength();

    [GeneratedRegex(@"Thread\.Sleep|Task\.Delay\(")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK)\b(?!\(#\d+\))|NotImplementedException")]
    private static partial Regex Unfinished();
}
