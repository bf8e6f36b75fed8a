using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;

namespace ExpEther.Cli.Commands;

/// <summary>The options that break and mend a cable of a switch.</summary>
internal sealed class FaultOptions
{
    public const string Names = "--cut, --heal, --drop P, --drop-next N or --delay-ms MS";

    private readonly Option<bool> _cut = new("--cut") { Description = "Nothing passes, until --heal." };
    private readonly Option<bool> _heal = new("--heal") { Description = "No cut, drop or delay any more." };
    private readonly Option<double?> _drop = new("--drop") { Description = "Every frame is lost with this probability, 0 to 1.", HelpName = "P" };
    private readonly Option<long?> _dropNext = new("--drop-next") { Description = "The next N frames are lost.", HelpName = "N" };
    private readonly Option<long?> _delay = new("--delay-ms") { Description = "Every frame is delayed.", HelpName = "MS" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_cut, _heal, _drop, _dropNext, _delay])
        {
            command.Add(option);
        }
    }

    /// <summary>The arguments of the switch's <c>fault</c> call; null: no fault is named.</summary>
    public JsonObject? Of(ParseResult parsed, string port)
    {
        var arguments = new JsonObject { ["port"] = port };
        Put("cut", parsed.GetValue(_cut) ? true : null);
        Put("heal", parsed.GetValue(_heal) ? true : null);
        Put("drop", parsed.GetValue(_drop));
        Put("dropNext", parsed.GetValue(_dropNext));
        Put("delayMs", parsed.GetValue(_delay));
        return arguments.Count > 1 ? arguments : null;

        void Put(string name, JsonNode? value)
        {
            if (value is not null)
            {
                arguments[name] = value;
            }
        }
    }

    /// <summary>Prints the switch's answer.</summary>
    public static void Show(Screen screen, JsonObject result)
    {
        if (screen.IsJson)
        {
            screen.Json(result);
            return;
        }

        foreach (var one in result.Objects("ports"))
        {
            screen.Text($"{one.Cell("name")}: {(one["fault"] is null ? "no fault" : one.Cell("fault"))}");
        }
    }
}
