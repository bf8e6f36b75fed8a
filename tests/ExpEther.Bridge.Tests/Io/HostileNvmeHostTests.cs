using ExpEther.Backends.Ram;
using ExpEther.Bridge.Io.Namespaces;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>A host gives the controller behind its virtual function commands that are not its to give: others' namespaces stay others'.</summary>
public sealed class HostileNvmeHostTests
{
    private const uint Shared = 1;

    private readonly EventLog _events = new();
    private readonly RamBackend _pool = new(16 << 20);
    private readonly IoRig _rig;
    private readonly RawNvmeHost _victim;
    private readonly RawNvmeHost _rogue;
    private readonly uint _private;

    public HostileNvmeHostTests()
    {
        var device = new NvmeSrIovDevice(
            new NvmeSrIovOptions
            {
                Primary = new NvmeControllerOptions
                {
                    SerialNumber = "SHARED", Namespaces = [new NvmeNamespaceOptions { Backend = new RamBackend(1 << 20), Shared = true }],
                },
                Pool = new NamespacePool(_pool, new SeededRandom(5)),
                TotalVfs = 2,
            },
            _events);
        _rig = new IoRig(2, shared: [(device, 2)], driver: new NvmePhysicalFunctionDriver(_events)).Start();
        var hosts = new RawNvmeHost[2];
        for (var i = 0; i < 2; i++)
        {
            var result = _rig.Await(_rig.Bridge.AttachAsync($"odd0.vf{i + 1}", $"host{i + 1}"));
            Assert.True(result.Ok, result.Message);
            hosts[i] = new RawNvmeHost(_rig, _rig.Hosts[i]);
        }

        (_victim, _rogue) = (hosts[0], hosts[1]);
        var reply = _rig.Await(_rig.Bridge.CreateNamespaceAsync("odd0", 1 << 20, "host1"));
        Assert.True(reply.Ok, reply.Message);
        _private = reply.Namespace!.Id;
        _victim.Data.Fill(0x5A);
        Assert.True(Io(_victim, IoOpcode.Write, _private).IsSuccess);
    }

    [Theory]
    [InlineData(AdminOpcode.NamespaceManagement, 0U)]
    [InlineData(AdminOpcode.NamespaceManagement, 1U)]
    [InlineData(AdminOpcode.NamespaceAttachment, 0U)]
    [InlineData(AdminOpcode.NamespaceAttachment, 1U)]
    [InlineData(AdminOpcode.VirtualizationManagement, 0x1_0007U)]
    [InlineData(AdminOpcode.VirtualizationManagement, 0x2_0009U)]
    [InlineData(AdminOpcode.ResizeNamespace, 1U)]
    public void Commands_of_the_primary_controller_are_refused_to_a_secondary_one(AdminOpcode opcode, uint dw10)
    {
        var before = Status();
        // A list of controllers: one, its own.
        _rogue.Data.Clear();
        (_rogue.Data[0], _rogue.Data[2]) = (1, 2);

        var status = _rogue.Run(0, (byte)opcode, _private, dw10);

        Assert.True(status.Is(NvmeStatus.InvalidCommandOpcode), status.ToString());
        var after = Status();
        Assert.Equal((before.Bytes, "host1"), (after.Bytes, after.Owner));
        Assert.Equal(["odd0.vf1"], after.Functions);
        ExpectVictimAtWork();
    }

    [Fact]
    public void Of_others_namespaces_nothing_is_told()
    {
        foreach (var cns in new byte[] { 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x03 })
        {
            _rogue.Data.Clear();
            Assert.False(_rogue.Run(0, (byte)AdminOpcode.Identify, cns == 0x10 ? 0 : _private, cns).IsSuccess, $"CNS {cns:x}h");
            Assert.Equal(-1, _rogue.Data.IndexOfAnyExcept((byte)0));
        }

        // NVMe 1.4 §5.15.2.1: of a namespace that is not attached zeroes are told.
        _rogue.Data.Fill(0xFF);
        Assert.True(_rogue.Run(0, (byte)AdminOpcode.Identify, _private, 0x00).IsSuccess);
        Assert.Equal(-1, _rogue.Data.IndexOfAnyExcept((byte)0));
        Assert.True(_rogue.Run(0, (byte)AdminOpcode.Identify, 0, 0x02).IsSuccess);
        Assert.Equal([1, 0], new[] { BitConverter.ToUInt32(_rogue.Data), BitConverter.ToUInt32(_rogue.Data[4..]) });
    }

    [Theory]
    [InlineData(IoOpcode.Read)]
    [InlineData(IoOpcode.Write)]
    [InlineData(IoOpcode.Flush)]
    [InlineData(IoOpcode.Compare)]
    [InlineData(IoOpcode.WriteZeroes)]
    [InlineData(IoOpcode.DatasetManagement)]
    public void Others_namespaces_are_not_there_for_IO_and_the_shared_one_is_not_written(IoOpcode opcode)
    {
        _rogue.Data.Fill(0xEE);
        var status = Io(_rogue, opcode, _private);
        Assert.True(status.Is(NvmeStatus.InvalidNamespaceOrFormat), status.ToString());
        Assert.Equal(-1, _rogue.Data.IndexOfAnyExcept((byte)0xEE));
        if (opcode is IoOpcode.Write or IoOpcode.WriteZeroes)
        {
            status = Io(_rogue, opcode, Shared);
            Assert.True(status.Is(NvmeStatus.NamespaceIsWriteProtected) || status.Is(NvmeStatus.AttemptedWriteToReadOnlyRange), status.ToString());
        }

        ExpectVictimAtWork();
    }

    private static NvmeStatus Io(RawNvmeHost host, IoOpcode opcode, uint nsid) => host.Run(1, (byte)opcode, nsid, dw12: 0);

    private NamespaceStatus Status() => _rig.Await(_rig.Bridge.NamespacesAsync("odd0")).Single().Namespaces.Single(n => n.Id == _private);

    private void ExpectVictimAtWork()
    {
        _victim.Data.Clear();
        Assert.True(Io(_victim, IoOpcode.Read, _private).IsSuccess);
        Assert.Equal(-1, _victim.Data[..512].IndexOfAnyExcept((byte)0x5A));
    }
}
