using System.CommandLine;
using ExpEther.Cli.Lab;

namespace ExpEther.Cli.Commands;

internal static class LabStatusCommand
{
    public static Command Build()
    {
        var folder = LabCommand.Directory();
        var command = new Command("status", "What a laboratory has: processes, guests and what they see, who has which function.") { folder };
        command.SetAction(async (parsed, cancel) =>
        {
            var survey = await LabSurvey.MakeAsync(LabFolder.Of(parsed.GetValue(folder)), cancel);
            var screen = parsed.Screen();
            if (screen.IsJson)
            {
                screen.Json(survey);
            }
            else
            {
                screen.Text(LabSurvey.Describe(survey));
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
