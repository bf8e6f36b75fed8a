using System.CommandLine;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Lab;

namespace ExpEther.Cli.Commands;

internal static class LabConsoleCommand
{
    public static Command Build()
    {
        var folder = LabCommand.Directory();
        var guest = LabCommand.Guest();
        var command = new Command("console", "A guest's serial console, with a shell of root's. Ctrl-] leaves.") { folder, guest };
        command.SetAction(async (parsed, cancel) =>
        {
            var one = LabState.OfRunning(LabFolder.Of(parsed.GetValue(folder))).Guest(parsed.GetRequiredValue(guest));
            await GuestConsole.RunAsync(one.Name, one.ConsoleSocket, cancel);
            return ExitCode.Ok;
        });
        return command;
    }
}
