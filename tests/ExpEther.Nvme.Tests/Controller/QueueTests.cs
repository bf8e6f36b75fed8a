using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class QueueTests
{
    [Fact]
    public void A_wake_up_that_comes_after_the_last_completion_was_taken_does_not_keep_the_owner_awake()
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        Assert.Equal(NvmeStatus.Success, host.Run(1, (byte)IoOpcode.Flush, 1).Status);
        backend.WakesOwner = true;
        host.Host.Pump();
        Assert.False(backend.WakesOwner);
    }

    [Fact]
    public void Queues_wrap_many_times()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        host.CreateQueue(1, entries: 3);
        var buffer = host.Allocate(4096);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(NvmeStatus.Success, host.Read((ulong)(i % 64), 1, buffer).Status);
        }
    }

    [Fact]
    public void A_full_completion_queue_holds_commands_back_until_the_host_reads_it()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        var queue = host.CreateQueue(1, entries: 4);
        var buffer = host.Allocate(4096);
        var taken = new List<ushort>();
        var sent = new List<ushort>();
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 3; i++)
            {
                sent.Add(host.Submit(1, (byte)IoOpcode.Read, 1, prp1: buffer));
            }

            host.Host.Pump();
            // Entries are read but the head is not told: there is no room for more.
            while (round == 0 && queue.TryTake(out var entry, ring: false))
            {
                taken.Add(entry.CommandId);
            }
        }

        Assert.Equal(3, taken.Count);
        for (var guard = 0; taken.Count < sent.Count && guard < 20; guard++)
        {
            queue.RingHead();
            host.Host.Pump();
            while (queue.TryTake(out var entry, ring: false))
            {
                taken.Add(entry.CommandId);
            }
        }

        Assert.Equal(sent, taken);
    }

    [Fact]
    public void All_queues_work_at_once_each_with_its_own_vector()
    {
        var backend = new RecordingBackend(1024);
        var host = NvmeHost.Started(backend);
        for (var id = 1; id <= 8; id++)
        {
            host.CreateQueue(id);
        }

        host.Host.Interrupts.Clear();
        var buffer = host.Allocate(4096);
        var sent = new List<(int Queue, ushort Id)>();
        for (var i = 0; i < 15; i++)
        {
            for (var id = 1; id <= 8; id++)
            {
                sent.Add((id, host.Submit(id, (byte)IoOpcode.Read, 1, (uint)i, prp1: buffer)));
            }
        }

        host.Host.Pump();
        foreach (var (queue, id) in sent)
        {
            Assert.Equal(NvmeStatus.Success, host.Expect(queue, id).Status);
        }

        Assert.Equal(Enumerable.Range(0x101, 8).Select(v => (uint)v), host.Host.Interrupts.Distinct().Order());
    }

    [Fact]
    public void Deleting_a_submission_queue_waits_for_its_commands_and_forgets_the_rest()
    {
        var backend = new RecordingBackend(64) { Holds = true };
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        host.Submit(1, (byte)IoOpcode.Write, 1, prp1: buffer);
        host.Host.Pump();
        var delete = host.Submit(0, (byte)AdminOpcode.DeleteIoSubmissionQueue, dw10: 1);
        host.Host.Pump();
        Assert.False(host.Queue(0).TryTake(out _));
        backend.ReleaseAll();
        host.Host.Pump();
        Assert.Equal(NvmeStatus.Success, host.Expect(0, delete).Status);
        Assert.True(host.Admin(AdminOpcode.DeleteIoCompletionQueue, dw10: 1).Status.IsSuccess);
        backend.Holds = false;
        host.CreateQueue(1);
        Assert.Equal(NvmeStatus.Success, host.Read(0, 1, buffer).Status);
    }

    [Fact]
    public void Deleting_a_submission_queue_does_not_hang_on_a_full_completion_queue()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        var queue = host.CreateQueue(1, entries: 4);
        var buffer = host.Allocate(4096);
        for (var i = 0; i < 3; i++)
        {
            host.Submit(1, (byte)IoOpcode.Read, 1, prp1: buffer);
        }

        host.Host.Pump();
        host.Submit(1, (byte)IoOpcode.Read, 1, prp1: buffer);
        host.Host.Pump();
        Assert.True(host.Admin(AdminOpcode.DeleteIoSubmissionQueue, dw10: 1).Status.IsSuccess);
        Assert.True(queue.TryTake(out _));
    }

    [Fact]
    public void A_backend_with_little_room_serves_all_in_the_end()
    {
        var backend = new RecordingBackend(64) { Depth = 1 };
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        var sent = Enumerable.Range(0, 15).Select(i => host.Submit(1, (byte)IoOpcode.Read, 1, (uint)i, prp1: buffer)).ToArray();
        host.Host.Pump();
        Assert.All(sent, id => Assert.Equal(NvmeStatus.Success, host.Expect(1, id).Status));
    }

    [Fact]
    public void Abort_ends_a_write_whose_data_has_not_come_and_nothing_is_written()
    {
        var backend = new RecordingBackend(64);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(4096);
        host.Host.Withheld = buffer;
        var write = host.Submit(1, (byte)IoOpcode.Write, 1, prp1: buffer);
        host.Host.Pump();
        Assert.Equal(0u, host.Admin(AdminOpcode.Abort, dw10: ((uint)write << 16) | 1).Result);
        host.Host.Withheld = ulong.MaxValue;
        host.Host.Pump();
        Assert.True(host.Expect(1, write).Status.Is(NvmeStatus.CommandAbortRequested));
        Assert.Empty(backend.Log);
    }

    [Fact]
    public void Abort_ends_a_waiting_event_request_but_not_what_a_backend_has()
    {
        var backend = new RecordingBackend(64) { Holds = true };
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var waiting = host.Submit(0, (byte)AdminOpcode.AsynchronousEventRequest);
        var buffer = host.Allocate(4096);
        var busy = host.Submit(1, (byte)IoOpcode.Read, 1, prp1: buffer);
        host.Host.Pump();
        var abort = host.Submit(0, (byte)AdminOpcode.Abort, dw10: (uint)waiting << 16);
        host.Host.Pump();
        var first = host.Queue(0).TryTake(out var one) ? one : default;
        var second = host.Queue(0).TryTake(out var two) ? two : default;
        var entries = new[] { first, second }.ToDictionary(e => e.CommandId);
        Assert.True(entries[waiting].Status.Is(NvmeStatus.CommandAbortRequested));
        Assert.Equal(0u, entries[abort].Result);
        Assert.Equal(1u, host.Admin(AdminOpcode.Abort, dw10: ((uint)busy << 16) | 1).Result);
        Assert.Equal(1u, host.Admin(AdminOpcode.Abort, dw10: 0xBEEF_0001).Result);
        backend.ReleaseAll();
        host.Host.Pump();
        Assert.Equal(NvmeStatus.Success, host.Expect(1, busy).Status);
    }
}
