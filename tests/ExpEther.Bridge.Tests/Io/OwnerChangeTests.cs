using System.Buffers.Binary;
using ExpEther.Bridge.Protocol;
using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

/// <summary>
/// A virtual function changes its owner with work of every kind under way: the new one finds it as after power-on, and hears and answers
/// nothing of what the old one began.
/// </summary>
public sealed class OwnerChangeTests
{
    private const int Old = 1;
    private const int New = 2;

    private readonly SharedOdd _shared = new();
    private readonly PresentMessage _before;
    private readonly int _vendor;
    private readonly int _msix;

    public OwnerChangeTests()
    {
        Assert.True(_shared.Rig.Await(_shared.Rig.Bridge.DetachAsync("odd0.vf2", force: true)).Ok);
        _before = _shared.Host(Old).LastPresent;
        _vendor = _shared.Shown(Old, CapabilityId.VendorSpecific);
        _msix = _shared.Shown(Old, CapabilityId.Msix);
        var host = _shared.Host(Old);
        var entry = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(entry, 0xFEE0_0000);
        entry[8] = 0x41;
        host.Write(SharedOdd.MemH32, entry);
        host.Write(SharedOdd.MemH + 0x2000, [9, 9, 9, 9]);
        host.ConfigWrite(_msix, 0x8000_0000, 0b1000);
        host.ConfigWrite(_vendor + 4, 0x1234_5678);
        _shared.Rig.Settle();
        _shared.Forget();
        Tell(Old, 0x21, OddFunction.Read);
        _shared.Rig.Settle();
        Assert.Equal(TlpKind.MemoryRead, Assert.Single(host.Tlps).View.Kind);

        // Writes and interrupts that cannot leave: the old owner takes nothing any more.
        host.IsCut = true;
        var rid = _shared.Vf(Old).Config.Rid;
        _shared.Vf(Old).WriteToHost(SharedOdd.HostMemory, 20_000);
        for (var i = 0; i < 1000; i++)
        {
            _shared.Vf(Old).Say(into => new MemoryWrite(rid, 0xFEE0_0000).Write(into, [0x41, 0, 0, 0]));
        }

        _shared.Rig.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.True(_shared.Vf(Old).Waiting > 0);
        var moved = _shared.Rig.Await(_shared.Rig.Bridge.MoveAsync("odd0.vf1", "host2", force: true), 10);
        Assert.True(moved.Ok, moved.Message);
        _shared.Rig.Settle();
    }

    [Fact]
    public void Nothing_that_was_under_way_reaches_the_new_owner()
    {
        Assert.Empty(_shared.Host(New).Tlps);
        Assert.Equal(0, _shared.Vf(Old).Waiting);
        _shared.Map(New);
        _shared.Rig.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Empty(_shared.Host(New).Tlps);

        // Nor an interrupt, when it lets the function interrupt before it has said where.
        _shared.Host(New).ConfigWrite(_msix, 0x8000_0000, 0b1000);
        _shared.Rig.Settle();
        Assert.Equal(TlpKind.Completion, Assert.Single(_shared.Host(New).Tlps).View.Kind);
    }

    [Fact]
    public void Registers_are_as_after_power_on()
    {
        Assert.Equal(0U, _shared.ReadShown(New, ConfigRegister.Command) & 0xFFFF);
        Assert.Equal(
            (0xCU, 0U, 0U),
            (_shared.ReadShown(New, ConfigRegister.Bar0), _shared.ReadShown(New, ConfigRegister.Bar0 + 4), _shared.ReadShown(New, ConfigRegister.Bar0 + 12)));
        Assert.Equal(0U, _shared.ReadShown(New, _msix) >> 30);
        Assert.Equal((0U, 0U), (_shared.ReadShown(New, _vendor + 4), _shared.ReadShown(New, _vendor + 8)));
        Assert.False(_shared.Vf(Old).Config.BusMasterEnable || _shared.Vf(Old).Config.MsixEnabled);

        _shared.Map(New);
        Assert.Equal(0U, Read(SharedOdd.MemH + 0x2000));
        Assert.Equal(0U, Read(SharedOdd.MemH + OddFunction.DmaAddress));
        for (uint at = 0; at < 12; at += 4)
        {
            Assert.Equal(0U, Read(SharedOdd.MemH32 + at));
        }

        Assert.Equal(1U, Read(SharedOdd.MemH32 + 12));
    }

    [Fact]
    public void Late_answers_and_requests_of_the_old_owner_end_at_the_bridge()
    {
        _shared.Map(New);
        Tell(New, 0x21, OddFunction.Read);
        _shared.Rig.Settle();
        Assert.Equal(TlpKind.MemoryRead, Assert.Single(_shared.Host(New).Tlps).View.Kind);
        _shared.Forget();

        // The old owner's link is alive again: what it says is of a generation that is over, though the tag is one that is waited for.
        _shared.Host(Old).IsCut = false;
        _shared.Rig.RunFor(TimeSpan.FromSeconds(2));
        _shared.Forget();
        var (stale, wrong) = (_shared.CountersOf(1).StaleCompletions, _shared.CountersOf(1).WrongGeneration);
        Answer(Old, _before, 0x66);
        _shared.SendAs(Old, _before.Function, _before.Generation, into => new MemoryWrite(default, SharedOdd.MemH + 0x2000).Write(into, [6, 6, 6, 6]));
        _shared.Rig.Settle();
        Assert.Empty(_shared.Vf(1).Received);
        Assert.Equal((stale + 1, wrong + 1), (_shared.CountersOf(1).StaleCompletions, _shared.CountersOf(1).WrongGeneration));

        // Not even under the generation of the new one.
        Answer(Old, _shared.Host(New).LastPresent, 0x67);
        _shared.Rig.Settle();
        Assert.Empty(_shared.Vf(1).Received);

        Answer(New, _shared.Host(New).LastPresent, 0x77);
        _shared.Rig.Settle();
        Assert.True(TlpView.TryParse(Assert.Single(_shared.Vf(1).Received), out var answer) == TlpError.None);
        Assert.Equal(0x77, answer.Payload[0]);
        Assert.DoesNotContain(_shared.Host(Old).Tlps, t => t.View.IsMemory);
    }

    private void Tell(int host, uint tag, uint what) => _shared.Tell(host, SharedOdd.HostMemory, 4, what | (tag << 16) | 1);

    private void Answer(int host, in PresentMessage assignment, byte value)
    {
        var vfH = _shared.Host(host).VfH;
        _shared.SendAs(host, assignment.Function, assignment.Generation,
            into => new Completion(default, vfH, new Tag(0x21), CompletionStatus.SuccessfulCompletion).Write(into, [value, 0, 0, 0]));
    }

    private uint Read(ulong address)
    {
        _shared.Host(New).Tlps.Clear();
        _shared.Host(New).Read(address, 4);
        _shared.Rig.Settle();
        return BinaryPrimitives.ReadUInt32LittleEndian(Assert.Single(_shared.Host(New).Tlps).View.Payload);
    }
}
