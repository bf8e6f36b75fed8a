using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Lab;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Commands;

internal static class LabExecCommand
{
    public static Command Build()
    {
        var folder = LabCommand.Directory();
        var guest = LabCommand.Guest();
        var words = new Argument<string[]>("command")
        {
            Description = "After `--`: a program of the guest's and its arguments, as they are; for a pipe write sh -c '…'.", Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("exec", "Run a command in a guest: what it prints comes as it is printed, its exit code is this command's.")
        {
            folder, guest, words,
        };
        command.SetAction(async parsed =>
        {
            using var interruption = new Interruption();
            var screen = parsed.Screen();
            var one = LabState.OfRunning(LabPlace.Of(parsed.GetValue(folder))).Guest(parsed.GetRequiredValue(guest));
            using var shell = await GuestShell.ConnectAsync(one.Name, one.ShellSocket, interruption.Token);
            var line = GuestShell.Quote(parsed.GetRequiredValue(words));
            if (screen.IsJson)
            {
                var (ended, text) = await shell.AskAsync(line, interruption.Token);
                screen.Json(new JsonObject { ["guest"] = one.Name, ["exitCode"] = ended, ["output"] = text });
                return ended;
            }

            await using var output = StandardStream.Output();
            return await shell.RunAsync(line, async data =>
            {
                await output.WriteAsync(data, interruption.Token);
                await output.FlushAsync(interruption.Token);
            }, interruption.Token);
        });
        return command;
    }
}
