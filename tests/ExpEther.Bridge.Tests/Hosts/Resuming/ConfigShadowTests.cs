using ExpEther.Bridge.Hosts.Resuming;
using ExpEther.Bridge.Protocol;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Hosts.Resuming;

/// <summary>What a function that was reset is given back of what its host had written.</summary>
public class ConfigShadowTests
{
    private const int Pcie = 0x40;
    private const int Msix = 0x80;
    private const uint Bar = 0xFE00_0000;
    private const ulong VectorControl = Bar + 0x2000 + 12;

    private readonly ConfigShadow _shadow = new(new ResumeOffer(1, 2, 0x2000, 2, Msix, Pcie, 0, 0, false));
    private readonly byte[] _tlp = new byte[64];

    [Fact]
    public void After_a_function_level_reset_nothing_from_before_it_is_given_back()
    {
        Write(ConfigRegister.Bar0, Bar);
        Write(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable, 0b0011);
        Write(Pcie + PcieRegister.DeviceControl, PcieRegister.DeviceControlInitiateFlr, 0b0011);
        Write(ConfigRegister.Bar0 + 4, 7);

        Assert.Equal([new ShadowWrite(true, ConfigRegister.Bar0 + 4, 7, 0xF)], All());
        Assert.False(_shadow.BusMasterEnable);
    }

    /// <summary>Device Status is the upper half of Device Control's DW, and is cleared by ones (PCIe 5.0 §7.5.3.5).</summary>
    [Fact]
    public void Device_Status_is_not_written_again()
    {
        Write(Pcie + PcieRegister.DeviceControl, 0x000F_2810);

        var given = Assert.Single(All());
        Assert.Equal((Pcie + PcieRegister.DeviceControl, 0b0011), ((int)given.Address, given.Enables));
    }

    /// <summary>After a reset a vector is masked (PCIe 5.0 §7.7.2.8), and stays so unless the host has unmasked it.</summary>
    [Theory]
    [InlineData(0b0010, 1u)]
    [InlineData(0b1111, 0u)]
    public void A_vector_is_masked_until_its_mask_was_written(int enables, uint expected)
    {
        Write(ConfigRegister.Bar0, Bar);
        Write(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable, 0b0011);
        var length = new MemoryWrite(default, VectorControl).Write(_tlp, new byte[4]);
        _tlp[7] = (byte)enables;
        Assert.Equal(TlpError.None, TlpView.TryParse(_tlp.AsSpan(0, length), out var view));
        _shadow.OnMemoryWrite(view);

        Assert.Equal(expected, All().Single(w => w.Address == VectorControl && !w.IsConfig).Value);
    }

    private void Write(int register, uint value, int enables = 0xF)
    {
        var length = new ConfigWrite(default, default, default, register, false, value, enables).Write(_tlp);
        Assert.Equal(TlpError.None, TlpView.TryParse(_tlp.AsSpan(0, length), out var view));
        _shadow.OnConfigWrite(view);
    }

    private List<ShadowWrite> All()
    {
        var all = new List<ShadowWrite>();
        for (var step = 0; _shadow.TryNext(ref step, out var write);)
        {
            all.Add(write);
        }

        return all;
    }
}
