using ExpEther.Nvme.Driver;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Writes and verifies one disk, round after round, until it is stopped or the disk is gone.</summary>
internal sealed class DiskLoad
{
    private readonly TestFabric _fabric;
    private readonly FabricHost _host;
    private readonly NvmeDisk _disk;

    private readonly TimeSpan _pause;
    private bool _isStopped;

    public DiskLoad(TestFabric fabric, FabricHost host, NvmeDisk disk, int pauseMs = 2)
    {
        (_fabric, _host, _disk, _pause) = (fabric, host, disk, TimeSpan.FromMilliseconds(pauseMs));
        fabric.Scheduler.Start(RunAsync);
    }

    /// <summary>Write-and-verify rounds that were right.</summary>
    public int Rounds { get; private set; }

    public int WrongBytes { get; private set; }

    /// <summary>How the load ended, if not by <see cref="Stop"/>.</summary>
    public NvmeResult? Failure { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>The longest time one round took.</summary>
    public TimeSpan Longest { get; private set; }

    public void Stop() => _isStopped = true;

    private async Task RunAsync()
    {
        for (ulong round = 1; !_isStopped; round++)
        {
            var started = _fabric.Scheduler.Now;
            var lba = round * 64 % 4096;
            var written = await TestDisk.WriteAsync(_host, _disk, lba, 64, round);
            var (read, isRight) = written.IsSuccess ? await TestDisk.VerifyAsync(_host, _disk, lba, 64, round) : (written, true);
            if (!read.IsSuccess)
            {
                Failure = read;
                break;
            }

            // Nothing else takes time here: without a pause the load would go on for ever at one instant.
            await _fabric.Scheduler.Delay(_pause);
            Rounds += isRight ? 1 : 0;
            WrongBytes += isRight ? 0 : 1;
            var took = _fabric.Scheduler.Now - started;
            Longest = took > Longest ? took : Longest;
        }

        HasEnded = true;
    }
}
