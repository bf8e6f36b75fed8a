using System.Text.Json.Nodes;
using CsCheck;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>A monitor that answers with anything: what it says is a lie or nonsense, never an exception, and nothing of it outlives its QEMU.</summary>
public class MonitorFuzzTests
{
    private const int Monitors = 60;

    /// <summary>One line in so many is faulty.</summary>
    private const int FaultyOneIn = 3;

    [Fact]
    public void Whatever_a_monitor_says_an_honest_one_afterwards_is_served() => Gen.Int.Sample(
        seed =>
        {
            var random = new Random(seed);
            using var rig = new MachineRig(migration: random.Next(2) == 0 ? MigrationMode.Follow : MigrationMode.Stop);
            rig.Qemu.Monitor.Tamper = line => random.Next(FaultyOneIn) == 0
                ? [.. Mutation.OfText(line[..^2], Mutation.JsonPieces, random), (byte)'\n']
                : line;
            rig.Qemu.Start();
            rig.RunFor(TimeSpan.FromSeconds(3));
            for (var round = 0; round < 4; round++)
            {
                var plug = rig.Plug();
                rig.RunFor(TimeSpan.FromSeconds(2));
                rig.Qemu.Migrate(random.Next(2) == 0 ? "active" : "completed");
                rig.Qemu.Monitor.SendEvent("DEVICE_DELETED", new JsonObject { ["device"] = "expether-slot1", ["path"] = "/machine" });
                rig.RunFor(TimeSpan.FromSeconds(2));
                rig.Qemu.Migrate("cancelled");
                var unplug = rig.Unplug(isSurprise: random.Next(2) == 0);
                rig.RunUntil(() => plug.IsEnded && unplug.IsEnded, TimeSpan.FromSeconds(40));
            }

            rig.Qemu.End();
            rig.Qemu.Monitor.Tamper = null;
            rig.RunFor(TimeSpan.FromSeconds(3));
            rig.Connect();
            rig.PlugIn();
        },
        iter: Monitors, threads: 1);
}
