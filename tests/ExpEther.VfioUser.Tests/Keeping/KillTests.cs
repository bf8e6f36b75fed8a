using System.Globalization;
using ExpEther.Linux.Memory;
using ExpEther.VfioUser.Keeping;
using ExpEther.VfioUser.Protocol;
using ExpEther.VfioUser.Tests.Clients;
using ExpEther.VfioUser.Tests.Traces;

namespace ExpEther.VfioUser.Tests.Keeping;

/// <summary>Whoever serves a client is killed at any moment, and another process goes on with the client from the journal.</summary>
[Collection(OneAtATime.Name)]
public class KillTests
{
    private const string SeedsVariable = "EXPETHER_KEEPER_SEEDS";

    private static int Seeds => int.TryParse(Environment.GetEnvironmentVariable(SeedsVariable), CultureInfo.InvariantCulture, out var seeds) ? seeds : 3;

    [Theory]
    [InlineData("hidden-msix.log")]
    [InlineData("qemu-managed-msix.log")]
    public void QEMU_s_recorded_sessions_go_on_from_every_moment(string name)
    {
        var messages = TraceLine.Read(name)
            .Where(l => l is { IsFromClient: true, Command: not VfioUserCommand.DmaWrite })
            .Select(l => l.ToMessage()).Take(70).ToList();
        var before = ServerRig.OpenDescriptors();
        using (var run = new KillRun(messages, seed: 1, secondKillsOf: 50))
        {
            run.Run();
            Assert.True(run is { Kills: > 300, Repeated: > 20, Unserved: < 60 }, $"{run.Kills} kills, {run.Repeated} repeated, {run.Unserved} unserved");
        }

        Assert.Equal(before, ServerRig.OpenDescriptors());
    }

    [Fact]
    public void Clients_that_ask_much_at_once_of_a_slow_device_go_on_from_every_moment()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            using var run = new KillRun(MessagesOf(new Random(seed)), seed, secondKillsOf: 40);
            run.Run();
        }
    }

    [Fact]
    public void What_is_no_journal_is_refused_and_what_makes_no_sense_in_one_harms_nobody()
    {
        Assert.Null(SessionJournal.Continue(new JournalMemory(SharedMemoryFile.Create("expether-session", SessionJournal.Bytes))));
        Assert.Null(SessionJournal.Continue(new JournalMemory(SharedMemoryFile.Create("expether-session", 4096))));
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var memory = new JournalMemory(SharedMemoryFile.Create("expether-session", SessionJournal.Bytes));
            using (var written = SessionJournal.Begin(memory))
            {
                written.MarkServed();
                random.NextBytes(memory.Bytes[(seed % 3 == 0 ? 8 : 24)..(seed % 2 == 0 ? 2000 : SessionJournal.Bytes)]);
                var copy = SharedMemoryFile.Create("expether-session", SessionJournal.Bytes);
                memory.Bytes.CopyTo(copy.Bytes);
                if (SessionJournal.Continue(new JournalMemory(copy)) is { } journal)
                {
                    using var session = new AbsentSession(new KillTransport([], random, () => { }), journal);
                    for (var i = 0; i < 200 && session.Poll(); i++)
                    {
                    }
                }
            }
        }
    }

    private static List<byte[]> MessagesOf(Random random)
    {
        List<byte[]> messages = [Message.Version()];
        for (var id = 1; id < 60; id++)
        {
            var page = (ulong)random.Next(1, 64) << 12;
            messages.Add(random.Next(10) switch
            {
                0 or 1 => Message.DmaMap(id, page, 4096),
                2 => Message.DmaUnmap(id, page, 4096),
                3 => Message.DeviceReset(id),
                4 => Message.SetIrqs(id, 0x21, 2, 0, 0),
                5 => Message.RegionWrite(id, 7, 4, [0, 0]),
                6 => Message.RegionWrite(id, 0, 0, new byte[random.Next(1, 600)], Message.NoReply),
                7 => Message.GetRegionInfo(id, 0),
                8 => Message.RegionRead(id, 7, 0, 256),
                _ => Message.RegionRead(id, 0, (ulong)random.Next(64) * 4, 4),
            });
        }

        return messages;
    }
}
