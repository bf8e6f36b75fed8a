using System.Text.Json.Nodes;
using ExpEther.Bench.Lab;
using ExpEther.Bench.Measuring;

namespace ExpEther.Bench.Ours;

/// <summary>A bare link between two processes.</summary>
internal sealed class EchoPair(BenchNetwork network, string folder, bool isSealed, Func<JsonObject, Sample> read)
    : OurPair(network, folder, isSealed, "echo", new JsonObject { ["bytes"] = BenchLimits.EchoBytes }, read)
{
    protected override async Task StartAsync(CancellationToken cancel)
    {
        foreach (var side in new[] { Side.Io, Side.Host })
        {
            await StartAsync(
                side,
                ["bench", "end", "--role", side == Side.Host ? "initiator" : "responder", "--interface", Interface, "--seal", IsSealed ? "on" : "off"],
                cancel);
        }

        await UntilAsync(LoadSocket, "ls", answer => answer["link"]!.GetValue<string>() == "up", cancel);
    }
}
