using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Cli.Usage;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

/// <summary><c>namespace create|give|resize|delete|ls</c>: the namespaces of a device that hosts share, at its I/O box.</summary>
internal static class NamespaceCommand
{
    private static readonly Argument<string> Device = new("device") { Description = "The device's name (disk1, not disk1.vf1)." };
    private static readonly Argument<uint> Id = new("id") { Description = "NSID, as `expether namespace ls` shows it." };
    private static readonly Argument<string> Host = new("host") { Description = "The owner: a host's name." };
    private static readonly Argument<long?> Bytes = ByteCount.SizeArgument(
        "size", "With its unit: 512MiB, 1.5GiB, 2T (powers of 1024), 10GB (of 1000), 4096B. The device may round up.");
    private static readonly Option<string?> Function = new("--function")
    {
        Description = "The virtual function that its host sees it by, as disk1.vf2: by that one or not at all. Default: the first that it has.",
        HelpName = "FUNCTION",
    };

    private static readonly Option<string> Socket = SharedOptions.Socket();

    public static (Command, string) Build()
    {
        var command = new Command("namespace", "Make, resize and delete the hosts' private namespaces on a device that they share.")
        {
            BuildList(),
            BuildChange("create", "Make a private namespace for a host; it sees it at once if it has a function of the device.", null, Device, Bytes, Host),
            BuildChange(
                "give", "Give a private namespace that has no owner to a host, or say by which of its functions its owner sees it.",
                "Take it at once from another owner, or from the function by which its owner sees it.", Device, Id, Host),
            BuildChange(
                "resize", "Grow or shrink a private namespace; hosts that see it are told.",
                "Shrink it also under a host that has it: what is beyond the new end is lost.", Device, Id, Bytes),
            BuildChange(
                "delete", "Delete a namespace with all that is in it.", "Also one that a host has, or that is shared.", Device, Id),
            BuildRepair(),
        };
        return (command, """
              expether namespace ls
              expether namespace create disk1 10GiB host1
              expether namespace resize disk1 65 20GiB
              expether namespace delete disk1 65                       refused while its host has it; --force
              expether namespace give disk1 65 host2                   one whose owner is not known any more
              expether namespace create disk1 10GiB host1 --function disk1.vf2
              expether namespace give disk1 65 host1 --function disk1.vf2 --force
                                                                       from another function of its host; unmount it there first
              expether namespace repair disk1 --accept-loss            what is left of a pool that lost a copy of the earlier format

            A private namespace is seen by its owner alone, by the first of its functions of that device, or by the one that it was given to
            (--function). `move` takes it along to the new host; `detach` leaves it with its owner, who sees it again with the next function
            it gets; one that was given to a function, when it has that function again. `give` without --function ends that.
            """);
    }

    private static Command BuildList()
    {
        var device = new Argument<string?>("device") { Description = "One device only.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("ls", "List namespaces: whose they are, who sees them, what is free.") { device, Socket };
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            var arguments = new JsonObject();
            if (parsed.GetValue(device) is { } name)
            {
                arguments["device"] = name;
            }

            using var client = await SharedOptions.ConnectAsync(parsed.GetValue(Socket), cancel, "io");
            var result = await client.CallAsync("namespace.ls", arguments, cancel: cancel);
            if (screen.IsJson)
            {
                screen.Json(result);
            }
            else
            {
                screen.Text(Describe(result));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static Command BuildRepair()
    {
        var acceptLoss = new Option<bool>("--accept-loss")
        {
            Description = "Take what the remaining copy says for all there is: a namespace that was made or grown last may be lost, and its blocks given away.",
        };
        var command = new Command("repair", "Say whether a pool's metadata are in doubt, and end that.") { Device, acceptLoss, Socket };
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            var call = new JsonObject { ["device"] = parsed.GetValue(Device), ["acceptLoss"] = parsed.GetValue(acceptLoss) };
            using var client = await SharedOptions.ConnectAsync(parsed.GetValue(Socket), cancel, "io");
            var result = await client.CallAsync("namespace.repair", call, cancel: cancel);
            if (screen.IsJson)
            {
                screen.Json(result);
            }
            else
            {
                screen.Text($"{result.Cell("device")}: "
                    + $"{(result["message"] is null ? "its namespaces are as the remaining copy says" : result.Cell("message"))}");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    /// <param name="name">Of the command.</param>
    /// <param name="description">What it does.</param>
    /// <param name="forced">What <c>--force</c> does; null: there is no such option.</param>
    /// <param name="arguments">In their order.</param>
    private static Command BuildChange(string name, string description, string? forced, params IReadOnlyList<Argument> arguments)
    {
        var command = new Command(name, description) { Socket };
        foreach (var argument in arguments)
        {
            command.Add(argument);
        }

        if (arguments.Contains(Host))
        {
            command.Add(Function);
        }

        var force = new Option<bool>("--force") { Description = forced ?? "" };
        if (forced is not null)
        {
            command.Add(force);
        }

        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            var call = new JsonObject { ["device"] = parsed.GetValue(Device) };
            if (arguments.Contains(Id))
            {
                call["id"] = parsed.GetValue(Id);
            }

            if (arguments.Contains(Bytes))
            {
                call["bytes"] = parsed.GetValue(Bytes);
            }

            if (arguments.Contains(Host))
            {
                call["host"] = parsed.GetValue(Host);
                if (parsed.GetValue(Function) is { } function)
                {
                    call["function"] = function;
                }
            }

            if (forced is not null)
            {
                call["force"] = parsed.GetValue(force);
            }

            using var client = await SharedOptions.ConnectAsync(parsed.GetValue(Socket), cancel, "io");
            var result = await client.CallAsync($"namespace.{name}", call, cancel: cancel);
            if (screen.IsJson)
            {
                screen.Json(result);
            }
            else
            {
                screen.Text(
                    (result["id"] is null
                        ? $"{result.Cell("device")}: namespace {call.Cell("id")} is deleted"
                        : $"{result.Cell("device")}: namespace {result.Cell("id")}, {JsonText.Size(result.Count("bytes"))}, owner {result.Cell("owner")}, "
                        + $"seen by {result.Cell("functions")}" + (result["givenTo"] is null ? "" : $", given to {result.Cell("givenTo")}"))
                    + (result["message"] is null ? "" : $"; {result.Cell("message")}"));
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static string Describe(JsonObject result)
    {
        var parts = new List<string>();
        foreach (var device in result.Objects("devices"))
        {
            if (device["failure"] is not null)
            {
                parts.Add($"{device.Cell("device")}: its namespaces cannot be told: {device.Cell("failure")}");
                continue;
            }

            var table = new TextTable("DEVICE", "NSID", "SIZE", "BLOCK", "KIND", "OWNER", "SEEN BY", "GIVEN TO", "UUID");
            foreach (var found in device.Objects("namespaces"))
            {
                table.Add(
                    device.Cell("device"), found.Cell("id"), JsonText.Size(found.Count("bytes")), found.Cell("blockBytes"),
                    (found.FlagOf("shared") == true ? "shared" : "private") + (found.FlagOf("readOnly") == true ? ", read-only" : ""),
                    found.Cell("owner"), found.Cell("functions"), found.Cell("givenTo"), found.Cell("uuid"));
            }

            parts.Add($"{table}\n{device.Cell("device")}: {JsonText.Size(device.Count("freeBytes"))} of {JsonText.Size(device.Count("totalBytes"))} free"
                + (device["doubt"] is null ? "" : $"\n{device.Cell("device")}: {device.Cell("doubt")}; see expether namespace repair"));
        }

        return parts.Count > 0 ? string.Join("\n\n", parts) : "no device of this box has namespaces to manage (vfs in the configuration)";
    }
}
