using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

public class MsixTableTests
{
    private const uint Enable = 0x8000_0000;
    private const uint FunctionMask = 0x4000_0000;

    private readonly EndpointConfig _config = EndpointSample.Make();
    private readonly MsixTable _table;

    public MsixTableTests() => _table = new MsixTable(_config);

    [Fact]
    public void Starts_masked_and_empty()
    {
        Assert.Equal((65, 65 * 16, 16), (_table.Vectors, _table.TableBytes, _table.PbaBytes));
        Assert.Equal((0U, 0U, 1U), (_table.ReadTable(0), _table.ReadTable(8), _table.ReadTable(12)));
        Assert.Equal(MsixOutcome.Disabled, _table.TryRaise(0, out _, out _));
    }

    [Fact]
    public void Unmasked_vector_delivers_what_software_wrote()
    {
        Control(Enable);
        Program(3, 0xFEE0_1000, 0x4023, masked: false);
        Assert.Equal(MsixOutcome.Deliver, _table.TryRaise(3, out var address, out var data));
        Assert.Equal((0x1_FEE0_1000UL, 0x4023U), (address, data));
        Assert.Equal(0U, _table.ReadPba(0));
    }

    [Fact]
    public void Masked_vector_pends_once_and_is_delivered_after_the_unmask()
    {
        Control(Enable);
        Program(64, 0xFEE0_2000, 7, masked: true);
        Assert.Equal(MsixOutcome.Pending, _table.TryRaise(64, out _, out _));
        Assert.Equal(MsixOutcome.Pending, _table.TryRaise(64, out _, out _));
        Assert.Equal(1U, _table.ReadPba(8));
        Assert.False(_table.TryTakePending(out _, out _));

        _table.WriteTable((64 * 16) + 12, 0);
        Assert.True(_table.TryTakePending(out var address, out var data));
        Assert.Equal((0x1_FEE0_2000UL, 7U), (address, data));
        Assert.False(_table.TryTakePending(out _, out _));
        Assert.Equal(0U, _table.ReadPba(8));
    }

    [Fact]
    public void Function_mask_holds_all_back()
    {
        Control(Enable | FunctionMask);
        Program(0, 0xFEE0_0000, 1, masked: false);
        Program(33, 0xFEE0_0000, 2, masked: false);
        Assert.Equal(MsixOutcome.Pending, _table.TryRaise(33, out _, out _));
        Assert.Equal(MsixOutcome.Pending, _table.TryRaise(0, out _, out _));
        Assert.Equal((1U, 2U), (_table.ReadPba(0), _table.ReadPba(4)));
        Control(Enable);
        Assert.True(_table.TryTakePending(out _, out var first));
        Assert.True(_table.TryTakePending(out _, out var second));
        Assert.Equal((1U, 2U), (first, second));
    }

    [Fact]
    public void Pending_bit_can_be_taken_back_and_reset_forgets_all()
    {
        Control(Enable);
        Assert.Equal(MsixOutcome.Pending, _table.TryRaise(1, out _, out _));
        _table.ClearPending(1);
        Assert.Equal(0U, _table.ReadPba(0));
        _table.TryRaise(2, out _, out _);
        Program(2, 0x1000, 1, masked: true);
        _table.Reset();
        Assert.Equal((0U, 1U, 0U), (_table.ReadTable(32), _table.ReadTable(44), _table.ReadPba(0)));
    }

    [Fact]
    public void Reserved_bits_cannot_be_set_and_byte_enables_count()
    {
        _table.WriteTable(0, 0xFFFF_FFFF);
        _table.WriteTable(12, 0xFFFF_FFFF);
        Assert.Equal((0xFFFF_FFFCU, 1U), (_table.ReadTable(0), _table.ReadTable(12)));
        _table.WriteTable(4, 0xAABB_CCDD, 0b0101);
        Assert.Equal(0x00BB_00DDU, _table.ReadTable(4));
    }

    private void Control(uint value) => _config.Write(_config.MsixOffset, value, 0b1000);

    private void Program(int vector, uint address, uint data, bool masked)
    {
        _table.WriteTable(vector * 16, address);
        _table.WriteTable((vector * 16) + 4, 1);
        _table.WriteTable((vector * 16) + 8, data);
        _table.WriteTable((vector * 16) + 12, masked ? 1U : 0);
    }
}
