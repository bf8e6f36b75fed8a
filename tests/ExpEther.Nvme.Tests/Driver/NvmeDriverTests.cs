using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Tests.Driver;

public class NvmeDriverTests
{
    [Fact]
    public void A_plugged_controller_becomes_a_disk()
    {
        var fixture = new DriverFixture(namespaces: 2);

        var disk = fixture.Disk;

        Assert.NotNull(disk);
        Assert.Equal(("nvme0", "SN-7", "Test disk"), (disk.Name, disk.SerialNumber, disk.ModelNumber));
        Assert.Equal(
            [
                new NvmeNamespace(1, 512, DriverFixture.Blocks, false) { DeallocatedReadsZeroes = true },
                new NvmeNamespace(2, 4096, 64, false) { DeallocatedReadsZeroes = true },
            ],
            disk.Namespaces);
        Assert.Equal(256 * 1024, disk.MaxTransferBytes);
        Assert.True(disk.IsUsable);
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(0, 4096)]
    [InlineData(0, 8192)]
    [InlineData(512, 8192)]
    [InlineData(0, 256 * 1024)]
    [InlineData(2048, 128 * 1024)]
    public void What_is_written_is_read_again_whatever_pages_the_buffer_covers(int offset, int bytes)
    {
        var fixture = new DriverFixture();
        var written = fixture.Buffer(offset + bytes).Slice(offset, bytes);
        var read = fixture.Buffer(offset + bytes).Slice(offset, bytes);
        new SeededRandom(7).Fill(fixture.Bytes(written));

        Assert.True(fixture.Run(disk => disk.WriteAsync(1, 5, bytes / 512, written)).IsSuccess);
        Assert.True(fixture.Run(disk => disk.ReadAsync(1, 5, bytes / 512, read)).IsSuccess);

        Assert.True(fixture.Bytes(written).SequenceEqual(fixture.Backend.Data.AsSpan(5 * 512, bytes)), "the disk holds what was written");
        Assert.True(fixture.Bytes(written).SequenceEqual(fixture.Bytes(read)), "what was read is what was written");
    }

    [Fact]
    public void Flush_and_write_zeroes_reach_the_backend()
    {
        var fixture = new DriverFixture();
        fixture.Backend.Data.AsSpan().Fill(0xAA);

        Assert.True(fixture.Run(disk => disk.WriteZeroesAsync(1, 8, 4)).IsSuccess);
        Assert.True(fixture.Run(disk => disk.FlushAsync(1)).IsSuccess);

        Assert.Equal(-1, fixture.Backend.Data.AsSpan(8 * 512, 4 * 512).IndexOfAnyExcept((byte)0));
        Assert.Equal(BlockOperation.Flush, fixture.Backend.Log[^1].Operation);
    }

    [Fact]
    public void Deallocated_ranges_reach_the_backend()
    {
        var fixture = new DriverFixture();
        fixture.Backend.Data.AsSpan().Fill(0xAA);

        Assert.True(fixture.Disk!.CanDeallocate);
        Assert.True(fixture.Disk.Namespaces[0].DeallocatedReadsZeroes);
        Assert.True(fixture.Run(disk => disk.DeallocateAsync(1, [new BlockRange(100, 50), new BlockRange(8, 4)])).IsSuccess);

        Assert.Equal(-1, fixture.Backend.Data.AsSpan(8 * 512, 4 * 512).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, fixture.Backend.Data.AsSpan(100 * 512, 50 * 512).IndexOfAnyExcept((byte)0));
        Assert.Equal(54 * 512, fixture.Backend.Data.AsSpan().Count((byte)0));
    }

    [Fact]
    public void As_many_ranges_as_a_command_takes_are_deallocated_and_one_more_is_refused()
    {
        var fixture = new DriverFixture();
        fixture.Backend.Data.AsSpan().Fill(0xAA);
        var ranges = Enumerable.Range(0, 257).Select(i => new BlockRange((ulong)i * 2, 1)).ToArray();

        Assert.Equal(NvmeOutcome.InvalidRequest, fixture.Run(disk => disk.DeallocateAsync(1, ranges)).Outcome);
        Assert.True(fixture.Run(disk => disk.DeallocateAsync(1, ranges[..256])).IsSuccess);

        Assert.Equal(256 * 512, fixture.Backend.Data.AsSpan().Count((byte)0));
    }

    [Theory]
    [InlineData(9u, 0ul, 1u)]
    [InlineData(1u, 0ul, 0u)]
    [InlineData(1u, 8192ul, 1u)]
    [InlineData(1u, 8191ul, 2u)]
    [InlineData(1u, ulong.MaxValue, 2u)]
    public void Ranges_that_cannot_be_are_refused_by_the_driver(uint nsid, ulong lba, uint blocks)
    {
        var fixture = new DriverFixture();

        Assert.Equal(NvmeOutcome.InvalidRequest, fixture.Run(disk => disk.DeallocateAsync(nsid, [new BlockRange(lba, blocks)])).Outcome);
        Assert.Empty(fixture.Backend.Log);
    }

    [Fact]
    public void A_controller_that_reports_a_fatal_status_is_reset_within_seconds_and_its_commands_are_sent_again()
    {
        var fixture = new DriverFixture();

        // The queue's memory is taken from the device: its next fetch of a command fails.
        fixture.Gate.FailsReads = true;
        var lost = fixture.Start(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512)));
        fixture.Gate.FailsReads = false;
        fixture.Host.Pass(TimeSpan.FromSeconds(5));

        Assert.True(DriverFixture.ResultOf(lost).IsSuccess);
        Assert.Contains(fixture.Host.Events.Texts, text => text.Contains("CSTS.CFS", StringComparison.Ordinal));
        Assert.Equal(1, fixture.Disk!.Resets);
        Assert.True(fixture.Run(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512))).IsSuccess);
    }

    /// <summary>As of a box that ends and comes back while the driver brings its controller up.</summary>
    [Fact]
    public void A_controller_that_fails_under_its_bring_up_is_brought_up_again()
    {
        var fixture = new DriverFixture(failsAtFirst: true);
        Assert.Null(fixture.Disk);

        fixture.Gate.FailsReads = false;
        fixture.Host.Pass(TimeSpan.FromSeconds(5));

        Assert.True(fixture.Disk?.IsUsable);
        Assert.True(fixture.Run(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512))).IsSuccess);
    }

    [Fact]
    public void A_controller_that_fails_under_every_bring_up_is_given_up()
    {
        var fixture = new DriverFixture(failsAtFirst: true);

        fixture.Host.Pass(TimeSpan.FromMinutes(1));

        Assert.Null(fixture.Disk);
        Assert.Contains(fixture.Host.Events.Texts, text => text.Contains("did not start", StringComparison.Ordinal));
    }

    [Fact]
    public void A_slow_command_on_a_silent_controller_is_not_taken_for_a_fatal_one()
    {
        var fixture = new DriverFixture();
        fixture.Backend.Holds = true;
        var slow = fixture.Start(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512)));
        fixture.Host.Pass(TimeSpan.FromSeconds(5));
        fixture.Gate.IsDeaf = true;
        fixture.Host.Pass(TimeSpan.FromSeconds(10));
        fixture.Gate.IsDeaf = false;
        fixture.Backend.ReleaseAll();
        fixture.Host.Pass(TimeSpan.FromSeconds(3));

        Assert.True(DriverFixture.ResultOf(slow).IsSuccess);
        Assert.Equal(0, fixture.Disk!.Resets);
    }

    [Fact]
    public void More_commands_than_slots_all_end_well()
    {
        var fixture = new DriverFixture(new NvmeDriverOptions { QueueEntries = 8, QueuePairs = 3 });
        var buffer = fixture.Buffer(4096);

        var tasks = Enumerable.Range(0, 200).Select(i => fixture.Start(disk => disk.ReadAsync(1, (ulong)i, 1, buffer.Slice(0, 512)))).ToList();
        fixture.Host.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(21, fixture.Disk!.QueueDepth);
        Assert.All(tasks, task => Assert.True(DriverFixture.ResultOf(task).IsSuccess));
    }

    [Fact]
    public void Requests_that_cannot_be_are_refused_by_the_driver()
    {
        var fixture = new DriverFixture();
        var buffer = fixture.Buffer(512);

        Assert.Equal(NvmeOutcome.InvalidRequest, fixture.Run(disk => disk.ReadAsync(9, 0, 1, buffer)).Outcome);
        Assert.Equal(NvmeOutcome.InvalidRequest, fixture.Run(disk => disk.ReadAsync(1, DriverFixture.Blocks, 1, buffer)).Outcome);
        Assert.Equal(NvmeOutcome.InvalidRequest, fixture.Run(disk => disk.ReadAsync(1, ulong.MaxValue, 1, buffer)).Outcome);
        Assert.Equal(NvmeOutcome.InvalidRequest, fixture.Run(disk => disk.ReadAsync(1, 0, 2, buffer)).Outcome);
    }

    [Fact]
    public void A_backend_s_error_is_told_as_the_controller_s_status()
    {
        var fixture = new DriverFixture();
        fixture.Backend.Errors[BlockOperation.Read] = 5;

        var result = fixture.Run(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512)));

        Assert.Equal(NvmeOutcome.Completed, result.Outcome);
        Assert.True(result.Status.Is(NvmeStatus.UnrecoveredReadError));
    }

    [Fact]
    public void A_reset_brings_the_disk_back()
    {
        var fixture = new DriverFixture();

        Assert.True(fixture.Host.Run(() => fixture.Disk!.ResetAsync()));

        Assert.Equal(1, fixture.Disk!.Resets);
        Assert.True(fixture.Run(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512))).IsSuccess);
    }

    [Fact]
    public void A_command_that_the_controller_never_sees_ends_after_abort_and_reset()
    {
        var fixture = new DriverFixture();
        fixture.Gate.LosesWrites = true;
        var lost = fixture.Start(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512)));

        fixture.Host.Pass(TimeSpan.FromSeconds(29));
        Assert.False(lost.IsCompleted, "a command has 30 s");
        fixture.Host.Pass(TimeSpan.FromSeconds(4));
        Assert.Contains(fixture.Host.Events.Texts, text => text.Contains("aborting", StringComparison.Ordinal));
        fixture.Gate.LosesWrites = false;
        fixture.Host.Pass(TimeSpan.FromSeconds(15));

        Assert.Equal(NvmeOutcome.TimedOut, DriverFixture.ResultOf(lost).Outcome);
        Assert.Equal(1, fixture.Disk!.Resets);
        Assert.True(fixture.Run(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512))).IsSuccess);
    }

    [Fact]
    public void A_controller_that_stays_silent_is_given_up_in_bounded_time()
    {
        var fixture = new DriverFixture();
        fixture.Gate.IsDeaf = true;
        var lost = fixture.Start(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512)));

        fixture.Host.Pass(TimeSpan.FromMinutes(5));

        Assert.Equal(NvmeOutcome.TimedOut, DriverFixture.ResultOf(lost).Outcome);
        Assert.False(fixture.Disk!.IsUsable);
        Assert.Equal(NvmeOutcome.ControllerFailed, fixture.Run(disk => disk.FlushAsync(1)).Outcome);
    }

    [Fact]
    public void A_pulled_disk_ends_every_command_at_once()
    {
        var fixture = new DriverFixture();
        fixture.Backend.Holds = true;
        var commands = Enumerable.Range(0, 5).Select(i => fixture.Start(disk => disk.ReadAsync(1, (ulong)i, 1, fixture.Buffer(512)))).ToList();
        var mapped = fixture.Host.Root.Memory.AllocatedBytes;

        fixture.Switch.Pull(0);
        fixture.Host.Settle();

        Assert.All(commands, command => Assert.Equal(NvmeOutcome.Removed, DriverFixture.ResultOf(command).Outcome));
        fixture.Host.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal(1, fixture.RemovedCount);
        Assert.Empty(fixture.Driver.Disks);
        Assert.True(fixture.Host.Root.Memory.AllocatedBytes < mapped, "its queues' memory was not given back");
    }

    [Fact]
    public void The_attention_button_lets_go_in_order_after_the_delay()
    {
        var fixture = new DriverFixture();
        fixture.Switch.Slot(0).PressAttentionButton();

        fixture.Host.Pass(TimeSpan.FromSeconds(4));
        Assert.True(fixture.Run(disk => disk.ReadAsync(1, 0, 1, fixture.Buffer(512))).IsSuccess);
        fixture.Host.Pass(TimeSpan.FromSeconds(4));

        Assert.Empty(fixture.Driver.Disks);
        Assert.False(fixture.Switch.Slot(0).PowerOn);
        Assert.Equal(NvmeOutcome.Removed, fixture.Run(disk => disk.FlushAsync(1)).Outcome);
    }

    [Fact]
    public void Steady_reads_allocate_nothing_in_the_driver_and_root_complex()
    {
        var fixture = new DriverFixture();
        var buffer = fixture.Buffer(4096);
        var ended = 0;
        Action<NvmeResult, object?> done = (_, _) => ended++;
        var io = new NvmeIo(NvmeIoOperation.Read, 1, 0, 8, buffer);
        var trim = new NvmeIo(NvmeIoOperation.Deallocate, 1, 64, 8, default);

        // Submitting is measured: slot, entry, PRPs, doorbell. The rest of the loop belongs to the test fabric, which allocates per TLP.
        long allocated = 0;
        for (var i = 0; i < 200; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(fixture.Disk!.TrySubmit(io, done, null));
            Assert.True(fixture.Disk!.TrySubmit(trim, done, null));
            allocated += i < 100 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
            fixture.Host.Settle();
        }

        Assert.Equal(400, ended);
        Assert.Equal(0, allocated);
    }
}
