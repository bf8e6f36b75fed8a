using System.Text;
using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Linux.Polling;

namespace ExpEther.Cli.Tests.Foreign;

/// <summary>
/// The slots' sockets of a host daemon, and clients of them that are no QEMU: without a monitor, without PCI firmware, with interrupts by events only.
/// </summary>
public sealed class ForeignClientTests
{
    private const uint MsiX = 2;
    private const uint Request = 4;

    /// <summary>Bus Master Enable and Interrupt Disable: all that SPDK's initiator writes.</summary>
    private const uint BusMaster = 0x404;

    [Theory]
    [InlineData("qmp = \"none\"")]
    [InlineData("")]
    public async Task A_client_written_from_the_document_brings_the_controller_up_reads_and_lets_go(string monitor)
    {
        await using var machine = new OneMachine();
        await StartAsync(machine, monitor);
        await AttachAsync(machine);
        var slot = await SlotAsync(machine, "waitingForQemu");
        using var memory = new ForeignMemory(0x10_0000, 64 << 10);
        using (var client = await ForeignClient.ConnectAsync(slot["socket"]!.GetValue<string>()))
        {
            using var nvme = new ForeignNvme(client, memory);
            await LookAsync(client);
            await client.MapAsync(memory);
            await UseAsync(nvme, 1);

            // After a reset it is as new, and what was set up for interrupts stays (VFIO: a reset disables no interrupt).
            await client.ResetAsync();
            Assert.Equal(0u, await client.Read32Async(0, 0x1C) & 1);
            await UseAsync(nvme, 2);

            slot = await SlotAsync(machine, "connected");
            Assert.Equal(("eventfd", "no QMP monitor"), ($"{slot["interrupts"]}", $"{slot["interruptsReason"]}"));
            Assert.Equal(0, slot["troubles"]!.AsArray().Count(t => !$"{t}".Contains("the kernel's copies", StringComparison.Ordinal)));
            Assert.Equal((ulong)memory.Bytes, await client.UnmapAsync(memory));
        }

        await SlotAsync(machine, "waitingForQemu");
        await machine.Daemons[1].SeeAsync("its interrupts go by eventfd: no QMP monitor");
    }

    [Fact]
    public async Task A_client_that_listens_is_asked_to_let_go_and_has_its_time()
    {
        await using var machine = new OneMachine();
        await StartAsync(machine, "unplugTimeoutMs = 600000");
        await AttachAsync(machine);
        using var client = await ForeignClient.ConnectAsync($"{(await SlotAsync(machine, "waitingForQemu"))["socket"]}");
        using var request = new EventFd();
        Assert.Equal(1u, (await client.GetInterruptsAsync(Request)).Count);
        await client.ListenAsync(Request, request);

        var detach = Expether.RunAsync("detach", "disk1", "--socket", machine.Io);
        await ForeignNvme.HearAsync(request);
        Assert.Equal(0x0108_0200u, await client.Read32Async(7, 8)); // still its own: the class of an NVMe controller
        Assert.False(detach.IsCompleted);
        client.Dispose();
        var detached = await detach;
        Assert.True(detached.Code == 0, detached.Error);
        await SlotAsync(machine, "absent");
        await machine.Daemons[1].SeeAsync("the client is asked by its request interrupt to let go");
    }

    [Theory]
    [InlineData(200, false, true, "was asked by its request interrupt, and did not let go of the function within 0.2 s; it was taken from it")]
    [InlineData(200, false, false, "could not be asked to let go of the function, and kept it for 0.2 s; it was taken from it")]
    [InlineData(600_000, true, true, "the function was taken from its client at once")]
    public async Task A_client_that_does_not_let_go_loses_the_function_and_the_log_says_how(int timeoutMs, bool forced, bool listens, string words)
    {
        await using var machine = new OneMachine();
        await StartAsync(machine, $"unplugTimeoutMs = {timeoutMs}");
        await AttachAsync(machine);
        using var client = await ForeignClient.ConnectAsync($"{(await SlotAsync(machine, "waitingForQemu"))["socket"]}");
        using var request = new EventFd();
        if (listens)
        {
            await client.ListenAsync(Request, request);
        }

        await client.ReadAsync(7, 0, 64);
        var detached = await Expether.RunAsync(["detach", "disk1", .. forced ? ["--force"] : Array.Empty<string>(), "--socket", machine.Io]);
        Assert.True(detached.Code == 0, detached.Error);
        await machine.Daemons[1].SeeAsync(words);
        await SlotAsync(machine, "absent");

        // As from an empty slot, and the next client finds the function, when there is one again.
        Assert.Equal(uint.MaxValue, await client.Read32Async(7, 0));
        await AttachAsync(machine);
        using var next = await ForeignClient.ConnectAsync($"{(await SlotAsync(machine, "waitingForQemu"))["socket"]}");
        Assert.NotEqual(uint.MaxValue, await next.Read32Async(7, 0));
    }

    private static async Task LookAsync(ForeignClient client)
    {
        Assert.True(client.Capabilities["max_msg_fds"]!.GetValue<int>() >= 1);
        var info = await client.GetInfoAsync();
        Assert.Equal((2u, 9u, 5u), (info.Flags & 2, info.Regions, info.Interrupts)); // VFIO_DEVICE_FLAGS_PCI
        var registers = await client.GetRegionAsync(0);
        Assert.True(registers is { Bytes: >= 0x2000 } && (registers.Flags & 3) == 3);
        Assert.Equal(4096ul, (await client.GetRegionAsync(7)).Bytes);
        Assert.Equal(0ul, (await client.GetRegionAsync(8)).Bytes);
        Assert.Equal((0u, 0u), ((await client.GetInterruptsAsync(0)).Count, (await client.GetInterruptsAsync(1)).Count));
        var vectors = await client.GetInterruptsAsync(MsiX);
        Assert.True(vectors.Count >= 2 && (vectors.Flags & 1) == 1);
        Assert.Equal(0u, (await client.GetInterruptsAsync(3)).Count);
    }

    private static async Task UseAsync(ForeignNvme nvme, byte value)
    {
        await nvme.EnableAsync(BusMaster);
        Assert.StartsWith("ExpEther", Encoding.ASCII.GetString((await nvme.IdentifyAsync()).AsSpan(24, 40)), StringComparison.Ordinal);
        await nvme.CreateQueuesAsync();
        var data = Enumerable.Range(0, ForeignNvme.BlockBytes).Select(i => (byte)(i * value)).ToArray();
        await nvme.WriteBlockAsync(3, data);
        Assert.Equal(data, await nvme.ReadBlockAsync(3));
        Assert.All(await nvme.ReadBlockAsync(4), b => Assert.Equal(0, b));
    }

    private static async Task StartAsync(OneMachine machine, string qemu)
    {
        machine.StartIo();
        var guest = $"slots = 1\n[host.qemu]\nsockets = \"{machine.Folder.File("slots")}\"\n{qemu}";
        var config = machine.WriteHost(
            "", usual => usual.Replace("[host.embedded]\nmemoryMiB = 16", guest, StringComparison.Ordinal)
                .Replace("attentionDelayMs = 10\n", "", StringComparison.Ordinal));
        machine.StartHost(config);
        await machine.WaitForLinkAsync();
    }

    private static async Task AttachAsync(OneMachine machine)
    {
        var attached = await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io);
        Assert.True(attached.Code == 0, attached.Error);
    }

    /// <summary>What the host's slot has to say of its client, once its state is that.</summary>
    private static async Task<JsonObject> SlotAsync(OneMachine machine, string state)
    {
        static JsonObject Of(JsonObject host) => host["hosts"]![0]!["slots"]![0]!["guest"]!.AsObject();
        return Of(await machine.UntilAsync(machine.Host, "ls", host => $"{Of(host)["state"]}" == state));
    }
}
