using System.Buffers.Binary;
using System.Text.Json;
using ExpEther.Linux.Polling;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;
using ExpEther.VfioUser.Protocol;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests.Traces;

/// <summary>QEMU's half of exchanges recorded with other servers, against this one, with real descriptors.</summary>
[Collection(OneAtATime.Name)]
public class TraceReplayTests
{
    private const long MemoryBytes = 0x1000_0000;

    [Theory]
    [InlineData("hidden-msix.log")]
    [InlineData("intx.log")]
    [InlineData("qemu-managed-msix.log")]
    [InlineData("libvfio-user-gpio.log")]
    public void QEMU_is_answered_as_it_was(string name)
    {
        var lines = TraceLine.Read(name).ToList();
        var before = ServerRig.OpenDescriptors();
        using (var memory = new MemoryFile(MemoryBytes))
        using (var wake = new EventFd())
        using (var rig = new ServerRig())
        {
            SetUp(rig.Device, lines);
            using var client = rig.Connect();
            var compared = 0;
            foreach (var line in lines)
            {
                if (!line.IsFromClient)
                {
                    Compare(rig, client, line);
                    compared++;
                }
                else if (line.Command != VfioUserCommand.DmaWrite)
                {
                    // QEMU's answers to DMA_WRITE are left out: ours do not want any.
                    var isMemory = line.Command == VfioUserCommand.DmaMap;
                    client.Send(line.ToMessage(), [.. line.Descriptors.Select(_ => isMemory ? memory.Descriptor : wake.FileDescriptor)]);
                }
            }

            Assert.True(compared > 100);
            rig.Run();
            Assert.False(client.TryReceive(out _), "a message too many");
            Assert.False(client.IsClosed);
            Assert.Equal(0, rig.Server.Counters.Violations);
            Assert.Equal(0, rig.Server.Counters.Refused);
            Assert.Equal(PostedWrites(lines), rig.Device.Log.Where(l => l.StartsWith("post ", StringComparison.Ordinal)));
            CheckMemory(rig, memory, lines);
            client.Dispose();
            rig.Run();
            Assert.False(rig.Server.IsConnected);
            Assert.False(rig.Server.Memory.TryGetSpan(new HostAddress(0x10_0000), 8, DmaRights.Read, out _));
        }

        Assert.Equal(before, ServerRig.OpenDescriptors());
    }

    private static void SetUp(TestDevice device, List<TraceLine> lines)
    {
        device.Regions.Clear();
        device.Interrupts[0] = 1;
        device.Interrupts[2] = 0;
        foreach (var line in lines.Where(l => !l.IsFromClient))
        {
            if (line.Command == VfioUserCommand.DeviceGetRegionInfo && line["size"] > 0)
            {
                device.Regions[(int)line["index"]] = new byte[line["size"]];
            }

            if (line.Command == VfioUserCommand.DeviceGetIrqInfo)
            {
                device.Interrupts[line["index"]] = (int)line["count"];
            }
        }

        var reads = lines.Where(l => !l.IsFromClient && l.Command == VfioUserCommand.RegionRead);
        device.ScriptedReads = new Queue<byte[]>(reads.Select(l => l.ToMessage()[32..]));
    }

    private static void Compare(ServerRig rig, ScriptedClient client, TraceLine line)
    {
        if (line.Command == VfioUserCommand.DmaWrite)
        {
            var address = new HostAddress(BinaryPrimitives.ReadUInt64LittleEndian(line.Data));
            Assert.True(rig.Server.TryWriteMessage(address, line.Data.AsSpan(16)));
            var interrupt = rig.Receive(client);
            Assert.Equal(((ushort)VfioUserCommand.DmaWrite, line.Size, Message.NoReply), (interrupt.Command, interrupt.Size, interrupt.Flags));
            Assert.Equal(line.Data, interrupt.Payload);
            return;
        }

        var ours = rig.Receive(client);
        Assert.Equal($"{line.Id:x} {line.Command} {line.Flags:x}", $"{ours.Id:x} {(VfioUserCommand)ours.Command} {ours.Flags:x}");
        Assert.Equal(0, (int)ours.ErrorNumber);
        Assert.Equal((uint)ours.Bytes.Length, ours.Size);
        if (line.Command == VfioUserCommand.Version)
        {
            CompareVersion(ours);
            return;
        }

        Assert.Equal((line.ToString(), line.Size), (line.ToString(), ours.Size));
        Assert.Equal(line.ToMessage(), ours.Bytes);
    }

    // Capabilities are each server's own.
    private static void CompareVersion(Message ours)
    {
        Assert.Equal(0u, ours.U32(0));
        Assert.Equal(0, ours.Bytes[^1]);
        using var json = JsonDocument.Parse(ours.Payload.AsMemory(4, ours.Payload.Length - 5));
        var capabilities = json.RootElement.GetProperty("capabilities");
        Assert.Equal(16, capabilities.GetProperty("max_msg_fds").GetInt32());
        Assert.Equal(4096, capabilities.GetProperty("max_data_xfer_size").GetInt32());
        Assert.Equal(4096, capabilities.GetProperty("pgsizes").GetInt32());
        Assert.Equal(65535, capabilities.GetProperty("max_dma_maps").GetInt32());
        Assert.False(capabilities.TryGetProperty("write_multiple", out _));
    }

    private static IEnumerable<string> PostedWrites(List<TraceLine> lines) =>
        from line in lines
        where line.IsFromClient && line.Command == VfioUserCommand.RegionWrite && (line.Flags & Message.NoReply) != 0
        select $"post {line["region"]} {line["off"]:x} {Convert.ToHexStringLower(line.Data)}";

    // What is mapped at the end is the memory that QEMU meant, with the rights it gave.
    private static void CheckMemory(ServerRig rig, MemoryFile memory, List<TraceLine> lines)
    {
        var mapped = new Dictionary<ulong, TraceLine>();
        foreach (var line in lines.Where(l => l.IsFromClient && l.Command is (VfioUserCommand.DmaMap or VfioUserCommand.DmaUnmap)))
        {
            mapped.Remove(line["addr"]);
            if (line.Command == VfioUserCommand.DmaMap)
            {
                mapped.Add(line["addr"], line);
            }
        }

        byte[] mark = [1, 2, 3, 4, 5, 6, 7, 8];
        foreach (var line in mapped.Values)
        {
            var address = new HostAddress(line["addr"] + line["size"] - 8);
            var isMapped = line.Descriptors.Length > 0;
            var isWritable = (line.U32("flags") & 2) != 0;
            Assert.Equal(isMapped, rig.Server.Memory.TryGetSpan(address, 8, DmaRights.Read, out var read));
            Assert.Equal(isMapped && isWritable, rig.Server.Memory.TryGetSpan(address, 8, DmaRights.Write, out _));
            Assert.Equal(!isMapped, rig.Server.Asked.IsAsked(address, 8, DmaRights.Read));
            if (isMapped)
            {
                memory.Write((long)(line["offset"] + line["size"] - 8), mark);
                Assert.Equal(mark, read.ToArray());
            }
        }

        Assert.Equal(lines.Count(l => l.IsFromClient && l.Command is (VfioUserCommand.DmaMap or VfioUserCommand.DmaUnmap)), rig.Device.MemoryChanges);
    }
}
