using System.Text;

namespace ExpEther.Lab.Tests.Lab;

/// <summary>The account of a failure: the last lines of all logs below a folder.</summary>
internal static class LabLogs
{
    public static string EndsOf(string folder)
    {
        var text = new StringBuilder();
        if (!Directory.Exists(folder))
        {
            return $"{folder} is not there";
        }

        foreach (var log in Directory.EnumerateFiles(folder, "*.log", SearchOption.AllDirectories).Order())
        {
            text.Append($"--- {Path.GetRelativePath(folder, log)}\n");
            text.AppendJoin('\n', Lines(log)).Append('\n');
        }

        return text.ToString();
    }

    private static string[] Lines(string log)
    {
        try
        {
            return [.. File.ReadLines(log).TakeLast(LabTestLimits.LogLines)];
        }
        catch (IOException e)
        {
            return [e.Message];
        }
    }
}
