using CsCheck;
using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>Whatever a host writes, nothing throws and nothing hangs: after a reset the controller works.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void Any_command_bytes_end_in_a_completion()
    {
        Gen.ULong.Sample(
            seed =>
            {
                var random = new SeededRandom(seed);
                var host = NvmeHost.Started(new RecordingBackend(256));
                host.CreateQueue(1);
                host.Host.Shuffles = true;
                Span<byte> command = stackalloc byte[64];
                for (var i = 0; i < 40; i++)
                {
                    random.Fill(command);
                    var queue = random.Next(2);
                    var entry = new SubmissionEntry(command) { CommandId = host.NextCommandId() };
                    Tame(random, host, ref entry, queue);
                    if (queue == 0 && (AdminOpcode)entry.Opcode is AdminOpcode.AsynchronousEventRequest or AdminOpcode.DeleteIoSubmissionQueue)
                    {
                        continue;
                    }

                    host.Queue(queue).Put(entry.Bytes);
                    host.Queue(queue).Ring();
                    host.Host.Pump();
                    Assert.True(host.Queue(queue).TryTake(out var done), $"no completion for opcode {entry.Opcode:x} on queue {queue}");
                    Assert.Equal(entry.CommandId, done.CommandId);
                }
            },
            iter: 150, threads: 1);
    }

    [Fact]
    public void Any_register_and_doorbell_writes_leave_a_controller_that_a_reset_brings_back()
    {
        Gen.ULong.Sample(
            seed =>
            {
                var random = new SeededRandom(seed);
                var host = NvmeHost.Started(new RecordingBackend(256));
                host.CreateQueue(1);
                host.Host.Shuffles = true;
                Span<byte> data = stackalloc byte[16];
                for (var i = 0; i < 100; i++)
                {
                    random.Fill(data);
                    var offset = random.Chance(0.5) ? random.Next(0x40) : random.Next(0x4000 - 16);
                    if (random.Chance(0.5))
                    {
                        data[1..4].Clear();
                    }

                    var bytes = Math.Min(1 + random.Next(16), 4096 - (offset & 4095));
                    host.Host.WriteMemory(TlpHost.BarBase + (ulong)offset, data[..bytes]);
                    if (random.Chance(0.2))
                    {
                        host.Host.PumpBounded(500);
                    }
                }

                host.Host.StartFunctionLevelReset();
                host.Host.PumpBounded(5000);
                host.Host.SetUp();
                host.Enable();
                Assert.Equal("TEST-1", new IdentifyController(host.Identify(IdentifyCns.Controller)).SerialNumber);
            },
            iter: 150, threads: 1);
    }

    [Fact]
    public void Any_bytes_as_a_TLP_are_taken()
    {
        Gen.ULong.Sample(
            seed =>
            {
                var random = new SeededRandom(seed);
                var host = NvmeHost.Started(new RecordingBackend(64));
                var bytes = new byte[64];
                for (var i = 0; i < 200; i++)
                {
                    random.Fill(bytes);
                    if (random.Chance(0.7))
                    {
                        bytes[0] = (byte)(random.Next(4) * 0x20);
                        bytes[0] |= (byte)(random.Chance(0.3) ? 0x0A : random.Chance(0.3) ? 0x04 : 0);
                        bytes[1] = 0;
                        bytes[2] = 0;
                        bytes[3] = (byte)random.Next(13);
                    }

                    host.Host.Send(bytes.AsSpan(0, random.Next(65)));
                    host.Host.Discard(500);
                }
            },
            iter: 60, threads: 1);
    }

    // Half of the commands are nearly right, so that the fuzz gets past the first check.
    private static void Tame(SeededRandom random, NvmeHost host, ref SubmissionEntry entry, int queue)
    {
        if (random.Chance(0.2))
        {
            return;
        }

        entry.Flags = 0;
        entry.Opcode = (byte)random.Next(13);
        entry.NamespaceId = (uint)random.Next(3);
        entry.Prp1 = host.Host.MemoryBase + 0x40_0000 + (ulong)random.Next(0x1_0000);
        entry.Prp2 = host.Host.MemoryBase + 0x50_0000 + ((ulong)random.Next(0x1_0000) & ~7UL);
        if (random.Chance(0.5))
        {
            entry.Prp1 &= ~3UL;
            entry.Dw10 &= 0x003F_00FF;
            entry.Dw11 = 0;
            entry.Dw12 &= 0x1FF;
            entry.Dw13 = 0;
        }
    }
}
