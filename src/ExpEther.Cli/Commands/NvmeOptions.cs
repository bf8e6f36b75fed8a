using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Cli.Usage;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

/// <summary>What the <c>nvme</c> commands share: which disk, which range.</summary>
internal sealed class NvmeOptions
{
    private readonly Argument<string?> _disk = new("disk") { Description = "Function, driver's name or serial number.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string> _host = new("--host") { Description = "Whose disk, where a daemon has several hosts.", HelpName = "HOST" };
    private readonly Option<string> _socket = SharedOptions.Socket();
    private readonly Option<uint?> _namespace = new("--namespace") { Description = "NSID. Default: the first that the disk has.", HelpName = "N" };
    private readonly Option<long?> _offset = ByteCount.Option("--offset", "Where to start: bytes, or with a unit (64KiB, 1.5GiB). Default: 0.");
    private readonly Option<long?> _bytes = ByteCount.Option("--bytes", "How much: bytes, or with a unit. Default: to the end.");
    private readonly Option<long?> _lba = new("--lba") { Description = "Where to start, in blocks.", HelpName = "N" };
    private readonly Option<long?> _blocks = new("--blocks") { Description = "How much, in blocks.", HelpName = "N" };

    public void AddDiskTo(Command command)
    {
        command.Add(_disk);
        command.Add(_host);
        command.Add(_socket);
    }

    public void AddRangeTo(Command command)
    {
        AddDiskTo(command);
        command.Add(_namespace);
        command.Add(_offset);
        command.Add(_bytes);
        command.Add(_lba);
        command.Add(_blocks);
    }

    public Task<ControlClient> ConnectAsync(ParseResult parsed, CancellationToken cancel) =>
        SharedOptions.ConnectAsync(parsed.GetValue(_socket), cancel, "host");

    public JsonObject Disk(ParseResult parsed)
    {
        var arguments = new JsonObject();
        Put(arguments, "disk", parsed.GetValue(_disk));
        Put(arguments, "host", parsed.GetValue(_host));
        return arguments;
    }

    public bool HasRange(ParseResult parsed) =>
        parsed.GetValue(_offset) is not null || parsed.GetValue(_bytes) is not null || parsed.GetValue(_lba) is not null
        || parsed.GetValue(_blocks) is not null;

    /// <summary>Disk and range as the daemon wants them; blocks are turned into bytes by the disk's block size.</summary>
    public async Task<JsonObject> RangeAsync(ParseResult parsed, ControlClient client, CancellationToken cancel)
    {
        var arguments = Disk(parsed);
        var nsid = parsed.GetValue(_namespace);
        var offset = parsed.GetValue(_offset);
        var bytes = parsed.GetValue(_bytes);
        var lba = parsed.GetValue(_lba);
        var blocks = parsed.GetValue(_blocks);
        if ((offset is not null && lba is not null) || (bytes is not null && blocks is not null))
        {
            throw new ControlException(
                ControlErrorCode.BadArgument, "the range is given in bytes and in blocks", "use --offset and --bytes, or --lba and --blocks");
        }

        if (lba is not null || blocks is not null)
        {
            var id = await client.CallAsync("nvme.id", Disk(parsed), cancel: cancel);
            var block = id.Objects("namespaces").FirstOrDefault(n => nsid is null || n.Count("id") == nsid)?.Count("blockBytes") ?? 512;
            offset ??= lba * block;
            bytes ??= blocks * block;
        }

        if (nsid is not null)
        {
            arguments["namespace"] = nsid;
        }

        arguments["offset"] = offset ?? 0;
        if (bytes is { } length)
        {
            arguments["bytes"] = length;
        }

        return arguments;
    }

    private static void Put(JsonObject arguments, string name, string? value)
    {
        if (value is not null)
        {
            arguments[name] = value;
        }
    }
}
