using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Core.Text;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Output;

/// <summary>What a command prints: with <c>--json</c> one JSON object on stdout, else text; errors and progress always on stderr.</summary>
internal sealed class Screen(bool isJson, TextWriter output)
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public bool IsJson { get; } = isJson;

    public void Json(JsonObject value) => output.WriteLine(value.ToJsonString(Readable));

    public void Text(string line) => output.WriteLine(line);

    public void Error(ControlError error)
    {
        Console.Error.WriteLine(SafeText.Line($"expether: {error.Message.TrimEnd('.')}{(error.Remedy.Length > 0 ? $"; {error.Remedy}" : "")} [{error.Code}]"));
        if (IsJson)
        {
            Json(new JsonObject { ["error"] = error.ToJson() });
        }
    }
}
