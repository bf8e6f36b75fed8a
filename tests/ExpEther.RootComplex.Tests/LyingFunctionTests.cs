using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Tests.Fabric;

namespace ExpEther.RootComplex.Tests;

/// <summary>What a function says of itself comes from another machine, and may be anything: it ends in values, never in an exception.</summary>
public class LyingFunctionTests
{
    [Theory]
    [InlineData(0xFFFF_F00Fu)]
    [InlineData(0x8000_1004u)]
    [InlineData(0x0000_0004u)]
    [InlineData(0x1234_5674u)]
    [InlineData(0x0000_0010u)]
    [InlineData(0xFFFF_FFF4u)]
    public void Bars_of_no_possible_size_are_none(uint mask)
    {
        var device = new TestEndpoint { Lie = (register, value) => register is >= ConfigRegister.Bar0 and < ConfigRegister.Bar0 + 24 ? mask : value };
        var host = new TestHost(device);

        host.Run(host.Root.EnumerateAsync);

        Assert.All(host.Root.Functions, f => Assert.All(f.Bars, bar => Assert.True(System.Numerics.BitOperations.IsPow2(bar.SizeBytes))));
    }

    [Fact]
    public void Seeded_nonsense_in_every_register_enumerates_and_gets_no_driver_into_trouble()
    {
        for (var seed = 1ul; seed <= 300; seed++)
        {
            var random = new SeededRandom(seed);
            var device = new TestEndpoint();
            device.Lie = (register, value) => register >= 8 && random.Next(3) == 0 ? (uint)random.Next(int.MaxValue) << random.Next(2) : value;
            var host = new TestHost(device);
            host.Run(host.Root.EnumerateAsync);
            foreach (var function in host.Root.Functions)
            {
                host.Run(() => function.SetBusMasterAsync(true));
                host.Run(() => function.EnableMsixAsync(4, _ => { }));
                host.Run(function.DisableMsixAsync);
                host.Run(async () => { await function.ResetAsync(); });
            }
        }
    }

    [Fact]
    public void A_table_of_interrupts_outside_its_bar_and_registers_that_are_not_there_answer_nothing()
    {
        var device = new TestEndpoint();
        var host = new TestHost(device);
        host.Run(host.Root.EnumerateAsync);
        var function = host.Root.Functions[0];
        host.Run(() => function.SetBusMasterAsync(true));
        var table = function.Node.Capabilities.MsiX + 4;
        device.Lie = (register, value) => register == table ? 0x7FFF_FFF8u | TestEndpoint.TableBar : value;
        host.Run(() => function.EnableMsixAsync(4, _ => { }));
        Assert.True(function.TryWrite32(0, 1 << 20, 1));
        Assert.True(function.TryWrite32(2, 0, 1));
        Assert.True(host.Run(async () => await function.Read32Async(0, 1 << 20)).IsError);
        Assert.True(host.Run(async () => await function.Read64Async(5, 0)).IsError);
        Assert.False(host.Run(async () => await function.Read32Async(0, 0)).IsError);
    }
}
