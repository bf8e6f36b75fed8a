using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu.Tests;

public class InterruptModeChoiceTests
{
    private static readonly InterruptModeChoice Repaired = new(new QemuVersion(12, 0, 1));

    [Theory]
    [InlineData(12, 0, 1, true, InterruptMode.EventFd)]
    [InlineData(12, 1, 0, true, InterruptMode.EventFd)]
    [InlineData(12, 0, 0, true, InterruptMode.Message)]
    [InlineData(11, 9, 9, true, InterruptMode.Message)]
    [InlineData(12, 0, 1, false, InterruptMode.Message)]
    public void Auto_takes_events_under_KVM_from_the_version_that_survives_them(int major, int minor, int micro, bool usesKvm, InterruptMode expected) =>
        Assert.Equal(expected, Of(Repaired, new QmpPeer(new QemuVersion(major, minor, micro), usesKvm, true)));

    [Fact]
    public void Auto_takes_messages_for_every_QEMU_that_was_tried_and_for_one_that_is_not_known()
    {
        Assert.Equal(InterruptMode.Message, Of(InterruptModeChoice.Known, new QmpPeer(new QemuVersion(11, 1, 3), true, true)));
        Assert.Equal(InterruptMode.Message, Of(Repaired, null));
    }

    [Theory]
    [InlineData(InterruptMode.Message)]
    [InlineData(InterruptMode.EventFd)]
    public void What_the_configuration_asks_for_is_done(InterruptMode asked) =>
        Assert.Equal(asked, InterruptModeChoice.Known.Of(asked, MonitorOwner.None, null).Mode);

    [Theory]
    [InlineData(nameof(MonitorOwner.None), "no QMP monitor")]
    [InlineData(nameof(MonitorOwner.Another), "not the QEMU of the monitor")]
    public void Auto_takes_events_for_a_client_that_is_not_the_monitors_QEMU(string monitor, string reason)
    {
        var choice = InterruptModeChoice.Known.Of(
            InterruptMode.Auto, Enum.Parse<MonitorOwner>(monitor), new QmpPeer(new QemuVersion(11, 1, 3), true, true));
        Assert.Equal(new InterruptChoice(InterruptMode.EventFd, reason), choice);
    }

    private static InterruptMode Of(InterruptModeChoice choice, QmpPeer? qemu) => choice.Of(InterruptMode.Auto, MonitorOwner.Client, qemu).Mode;
}
