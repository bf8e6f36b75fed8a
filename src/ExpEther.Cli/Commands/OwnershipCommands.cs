using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Bridge.Io;
using ExpEther.Cli.Output;

namespace ExpEther.Cli.Commands;

/// <summary><c>attach</c>, <c>detach</c> and <c>move</c>: they speak to the I/O box, which alone decides who owns a function.</summary>
internal static class OwnershipCommands
{
    public static (Command, string) BuildAttach() => Build(
        "attach", "Give a function that nobody owns to a host.", hasHost: true, """
          expether attach disk1 host1
          expether attach disk1 host1 --slot 2    into this slot of the host, which keeps it for it
          expether attach disk1 host1 --force     take it from whoever owns it, at once
        """);

    public static (Command, string) BuildDetach() => Build(
        "detach", "Take a function from its owner, who is asked to let go first.", hasHost: false, """
          expether detach disk1                   after `sync` and `umount` in the guest: what it has not written back is lost
          expether detach disk1 --force           do not ask: the host sees a surprise removal
        """);

    public static (Command, string) BuildMove() => Build(
        "move", "Take a function from its owner and give it to another host: hot-remove there, VLAN change, hot-plug here.", hasHost: true, """
          expether move disk1 host2               after `sync` and `umount` in the guest, as for detach
          expether move disk1 host2 --force       the old host is dead or does not let go
        """);

    private static (Command, string) Build(string name, string description, bool hasHost, string examples)
    {
        var function = new Argument<string>("function") { Description = "Its name, as `expether ls` shows it." };
        var host = new Argument<string>("host") { Description = "The host's name, as the I/O box's configuration gives it." };
        var force = new Option<bool>("--force") { Description = "Do not ask the present owner: fence it at once." };
        var expected = new Option<ulong?>("--expect-generation")
        {
            Description = "Do it only if the function is still at this generation, as `expether ls` shows it.", HelpName = "N",
        };
        var slot = new Option<int?>("--slot") { Description = "The host's slot to put it into, from 1; else the one that it was in, or the lowest free one." };
        var socket = SharedOptions.Socket();
        var command = new Command(name, description) { function, force, expected, socket };
        if (hasHost)
        {
            command.Arguments.Add(host);
            command.Options.Add(slot);
        }

        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            var arguments = new JsonObject { ["function"] = parsed.GetValue(function), ["force"] = parsed.GetValue(force) };
            if (parsed.GetValue(expected) is { } generation)
            {
                arguments["expectGeneration"] = generation;
            }

            if (hasHost)
            {
                arguments["host"] = parsed.GetValue(host);
                if (parsed.GetValue(slot) is { } number)
                {
                    arguments["slot"] = number;
                }
            }

            using var client = await SharedOptions.ConnectAsync(parsed.GetValue(socket), cancel, "io");
            var result = await client.CallAsync(name, arguments, step => Console.Error.WriteLine($"  {WordsOf(step.Cell("step"))}"), cancel: cancel);
            if (screen.IsJson)
            {
                screen.Json(result);
            }
            else if (result.Cell("from") == result.Cell("to"))
            {
                screen.Text($"{result.Cell("message")}, generation {result.Cell("generation")}");
            }
            else
            {
                screen.Text(
                    $"{result.Cell("function")}: {result.Cell("from")} (VLAN {result.Cell("vlanBefore")})"
                    + $" -> {result.Cell("to")} (VLAN {result.Cell("vlanAfter")})"
                    + $", generation {result.Cell("generation")}" + (result["message"] is null ? "" : $"; {result.Cell("message")}"));
            }

            return ExitCode.Ok;
        });
        return (command, examples);
    }

    private static string WordsOf(string step) => step == BridgeStepName.Awaited
        ? $"{step}: QEMU was asked to take the function and has not answered yet; it is waited for, {IoBridgeLimits.AskedTimeout.TotalSeconds:0} s in all"
        : step;
}
