using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

/// <summary>Command identifiers are unique among a queue's outstanding commands (NVMe 1.4 §4.2).</summary>
public sealed class CommandIdTests
{
    [Fact]
    public void A_command_under_an_identifier_in_use_is_refused_and_the_first_goes_on()
    {
        var backend = new RecordingBackend(64) { Holds = true };
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        host.CreateQueue(2);
        Put(host, 1, 7);
        Put(host, 2, 7);
        host.Host.Pump();
        Put(host, 1, 7);
        host.Host.Pump();
        var refused = host.Expect(1, 7).Status;
        Assert.True(refused.Is(NvmeStatus.CommandIdConflict) && refused.DoNotRetry, refused.ToString());
        Assert.Equal(2, backend.HeldCount);

        backend.ReleaseAll();
        host.Host.Pump();
        Assert.Equal(NvmeStatus.Success, host.Expect(1, 7).Status);
        Assert.Equal(NvmeStatus.Success, host.Expect(2, 7).Status);
        Assert.False(host.Queue(1).TryTake(out _));

        // Its completion has left: the identifier is free.
        Put(host, 1, 7);
        host.Host.Pump();
        backend.ReleaseAll();
        host.Host.Pump();
        Assert.Equal(NvmeStatus.Success, host.Expect(1, 7).Status);
    }

    [Fact]
    public void After_a_reset_the_identifiers_of_commands_that_a_backend_still_has_are_free()
    {
        var backend = new RecordingBackend(64) { Holds = true };
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        Put(host, 1, 7);
        host.Host.Pump();
        host.Host.Write32(NvmeRegister.Cc, 0);
        host.Host.Pump();
        backend.ReleaseAll();
        backend.Holds = false;
        host.Host.Pump();
        host.Enable();
        host.CreateQueue(1);
        Put(host, 1, 7);
        host.Host.Pump();
        Assert.Equal(NvmeStatus.Success, host.Expect(1, 7).Status);
    }

    private static void Put(NvmeHost host, int queue, ushort commandId)
    {
        Span<byte> bytes = stackalloc byte[64];
        bytes.Clear();
        var entry = new SubmissionEntry(bytes) { Opcode = (byte)IoOpcode.Read, CommandId = commandId, NamespaceId = 1, Prp1 = host.Allocate(4096) };
        host.Queue(queue).Put(entry.Bytes);
        host.Queue(queue).Ring();
    }
}
