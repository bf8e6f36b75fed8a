using System.Buffers.Binary;
using ExpEther.Backends.Ram;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>A secondary controller changes its owner with queues, interrupts and a command under way: none of that is there for the next one.</summary>
public sealed class NvmeOwnerChangeTests
{
    private const ulong MemH = 0x80_0000_0000;
    private const ulong SubmissionQueue = 0x1000_0000;
    private const ulong CompletionQueue = 0x1001_0000;

    /// <summary>EN, IOSQES 6, IOCQES 4.</summary>
    private const uint Enabled = 0x0046_0001;

    private readonly EventLog _events = new();
    private readonly IoRig _rig;
    private readonly byte[] _tlp = new byte[TlpLimits.BytesMax];

    public NvmeOwnerChangeTests()
    {
        var device = new NvmeSrIovDevice(
            new NvmeSrIovOptions
            {
                Primary = new NvmeControllerOptions
                {
                    SerialNumber = "SHARED", Namespaces = [new NvmeNamespaceOptions { Backend = new RamBackend(1 << 20), Shared = true }],
                },
                TotalVfs = 2,
            },
            _events);
        _rig = new IoRig(2, shared: [(device, 2)], driver: new NvmePhysicalFunctionDriver(_events)).Start();
        _rig.Plug("odd0.vf1", _rig.Hosts[0], MemH);
    }

    [Fact]
    public void Queues_commands_and_registers_end_with_the_assignment()
    {
        var (old, next) = (_rig.Hosts[0], _rig.Hosts[1]);
        Enable(old);
        var before = old.LastPresent;
        old.Write(MemH + NvmeRegister.Doorbells, [1, 0, 0, 0]);
        _rig.Run(() => old.Tlps.Exists(t => t.View.Kind == TlpKind.MemoryRead));
        var fetch = old.Tlps.Find(t => t.View.Kind == TlpKind.MemoryRead)!;
        Assert.Equal(SubmissionQueue, fetch.View.Address);

        var moved = _rig.Await(_rig.Bridge.MoveAsync("odd0.vf1", "host2", force: true));
        Assert.True(moved.Ok, moved.Message);
        _rig.Map(next, MemH);
        foreach (var register in new[] { NvmeRegister.Cc, NvmeRegister.Csts, NvmeRegister.Aqa, NvmeRegister.Asq, NvmeRegister.Asq + 4, NvmeRegister.Acq })
        {
            Assert.Equal(0U, Read(next, register));
        }

        // The old owner's command comes late, for the new one's controller, which is enabled and has asked for its own under the same tag.
        Enable(next);
        next.Tlps.Clear();
        next.Write(MemH + NvmeRegister.Doorbells, [1, 0, 0, 0]);
        _rig.Run(() => next.Tlps.Exists(t => t.View.Kind == TlpKind.MemoryRead));
        Answer(old, before.Function, before.Generation, fetch, opcode: 0xFF);
        _rig.Settle();
        Assert.DoesNotContain(next.Tlps, t => t.View.Kind == TlpKind.MemoryWrite);
        Assert.True(_rig.StatusOf("odd0.vf1").Counters.StaleCompletions > 0);

        // Its own command (an opcode that there is none of) is what is carried out: one completion entry, in its own queue.
        var own = next.Tlps.Find(t => t.View.Kind == TlpKind.MemoryRead)!;
        Answer(next, next.LastPresent.Function, next.LastPresent.Generation, own, opcode: 0x80);
        _rig.Run(() => next.Tlps.Exists(t => t.View.Kind == TlpKind.MemoryWrite));
        _rig.Settle();
        var entry = Assert.Single(next.Tlps, t => t.View.Kind == TlpKind.MemoryWrite).View;
        Assert.Equal((CompletionQueue, 0x0080), (entry.Address, BinaryPrimitives.ReadUInt16LittleEndian(entry.Payload[12..])));
        Assert.DoesNotContain(old.Tlps, t => t.View.Kind == TlpKind.MemoryWrite);
    }

    [Fact]
    public void A_controller_that_the_next_owner_has_not_enabled_does_not_touch_its_memory()
    {
        var (old, next) = (_rig.Hosts[0], _rig.Hosts[1]);
        Enable(old);
        var moved = _rig.Await(_rig.Bridge.MoveAsync("odd0.vf1", "host2", force: true));
        Assert.True(moved.Ok, moved.Message);
        _rig.Map(next, MemH);
        next.Write(MemH + NvmeRegister.Doorbells, [1, 0, 0, 0]);
        next.Write(MemH + NvmeRegister.Doorbells + 8, [1, 0, 0, 0]);
        _rig.RunFor(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(next.Tlps, t => t.View.IsMemory);
        Assert.DoesNotContain(old.Tlps, t => t.View.IsMemory);
    }

    private void Enable(ScriptedHost host)
    {
        host.Write(MemH + NvmeRegister.Aqa, BitConverter.GetBytes(0x001F_001FU));
        host.Write(MemH + NvmeRegister.Asq, BitConverter.GetBytes(SubmissionQueue));
        host.Write(MemH + NvmeRegister.Acq, BitConverter.GetBytes(CompletionQueue));
        host.Write(MemH + NvmeRegister.Cc, BitConverter.GetBytes(Enabled));
        _rig.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1U, Read(host, NvmeRegister.Csts) & 1);
    }

    private uint Read(ScriptedHost host, int register)
    {
        host.Tlps.Clear();
        host.Read(MemH + (ulong)register, 4, tag: 0x10);
        _rig.Run(() => host.Tlps.Count == 1);
        var value = BinaryPrimitives.ReadUInt32LittleEndian(host.Tlps[0].View.Payload);
        host.Tlps.Clear();
        return value;
    }

    /// <summary>Answers the fetch of a submission entry with a command of CID 80h.</summary>
    private void Answer(ScriptedHost host, ushort function, ulong generation, ReceivedTlp fetch, byte opcode)
    {
        var command = new byte[64];
        command[0] = opcode;
        command[2] = 0x80;
        var length = Completion.To(fetch.View, host.HostH, CompletionStatus.SuccessfulCompletion).Write(_tlp, command);
        host.Send(function, generation, _tlp.AsSpan(0, length));
    }
}
