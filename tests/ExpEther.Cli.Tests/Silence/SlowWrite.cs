using System.Security.Cryptography;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Silence;

/// <summary>
/// <c>expether nvme write</c> of random data from stdin, of which the test gives the second half when it likes: so the command is in the
/// middle of its work at a moment that the test knows.
/// </summary>
internal sealed class SlowWrite : IDisposable
{
    private readonly Expether.Running _command;
    private Task _rest = Task.CompletedTask;

    private SlowWrite(Expether.Running command, byte[] data) => (_command, Data) = (command, data);

    public byte[] Data { get; }

    public bool HasEnded => _command.HasEnded;

    /// <summary>Starts it, and waits until half of the data is on the disk.</summary>
    public static async Task<SlowWrite> StartAsync(CableLab lab, string offset, int bytes)
    {
        var before = WrittenBytes(await lab.UntilAsync(lab.Host, "stats", _ => true));
        var write = new SlowWrite(
            Expether.Start("nvme", "write", "disk1", "--offset", offset, "--socket", lab.Host, "--json"), RandomNumberGenerator.GetBytes(bytes));
        await write._command.Input.WriteAsync(write.Data.AsMemory(0, bytes / 2), TestContext.Current.CancellationToken);
        await write._command.Input.FlushAsync(TestContext.Current.CancellationToken);

        // What waits for a full buffer stays behind.
        await lab.UntilAsync(lab.Host, "stats", stats => WrittenBytes(stats) - before >= bytes / 4);
        return write;
    }

    /// <summary>Gives it the rest, as fast as it takes it.</summary>
    public void GiveRest() => _rest = GiveRestAsync();

    public async Task<Expether.Finished> EndAsync()
    {
        await _rest;
        return await _command.EndAsync();
    }

    public void Dispose() => _command.Dispose();

    private async Task GiveRestAsync()
    {
        try
        {
            await _command.Input.WriteAsync(Data.AsMemory(Data.Length / 2), TestContext.Current.CancellationToken);
            await _command.Input.FlushAsync(TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            return; // it has ended with an error, which the test looks at
        }
    }

    /// <summary>The device fetched them from the host's memory.</summary>
    private static long WrittenBytes(System.Text.Json.Nodes.JsonObject stats) => stats["hosts"]![0]!["slots"]![0]!["dmaReadBytes"]!.GetValue<long>();
}
