using System.Text.Json;
using ExpEther.Qemu.Guests;

namespace ExpEther.Qemu.Tests.Guests;

public class PciTreeTests
{
    /// <summary>As QEMU 11.1.3 tells it, less what nobody reads.</summary>
    private const string Buses =
        """
        [{"bus": 0, "devices": [
          {"bus": 0, "slot": 0, "function": 0, "qdev_id": "", "regions": []},
          {"bus": 0, "slot": 1, "function": 0, "qdev_id": "rp", "regions": [],
           "pci_bridge": {"bus": {"number": 0, "secondary": 1, "subordinate": 4}, "devices": [
             {"bus": 1, "slot": 0, "function": 0, "qdev_id": "up", "regions": [], "pci_bridge": {"bus": {}, "devices": [
               {"bus": 2, "slot": 0, "function": 0, "qdev_id": "expether-port1", "regions": [], "pci_bridge": {"bus": {}, "devices": [
                 {"bus": 3, "slot": 0, "function": 0, "qdev_id": "expether-slot1",
                  "regions": [{"bar": 0, "size": 16384, "address": 4271898624, "type": "memory"}]}]}},
               {"bus": 2, "slot": 1, "function": 0, "qdev_id": "expether-port2", "regions": [], "pci_bridge": {"bus": {}, "devices": [
                 {"bus": 4, "slot": 0, "function": 0, "qdev_id": "", "regions": [{"bar": 0, "size": 16384, "address": -1, "type": "memory"}]}]}},
               {"bus": 2, "slot": 2, "function": 0, "qdev_id": "expether-port3", "regions": [], "pci_bridge": {"bus": {}}}]}}]}}]}]
        """;

    [Theory]
    [InlineData("expether-slot1", "elsewhere", "03:00.0", true)]
    [InlineData("/machine/peripheral-anon/device[0]", "expether-port2", "04:00.0", false)]
    public void A_device_is_found_by_its_id_or_by_its_port(string id, string port, string place, bool hasAddresses)
    {
        Assert.True(PciTree.TryFind(JsonElement.Parse(Buses), id, port, out var found));
        Assert.Equal((place, hasAddresses), (found.ToString(), found.HasAddresses));
    }

    [Theory]
    [InlineData("expether-slot3", "expether-port3")]
    [InlineData("expether-slot4", "expether-port4")]
    public void A_device_that_the_guest_cannot_reach_is_not_found(string id, string port) =>
        Assert.False(PciTree.TryFind(JsonElement.Parse(Buses), id, port, out _));

    [Theory]
    [InlineData("7")]
    [InlineData("[7]")]
    [InlineData("[{\"devices\": [7, {\"qdev_id\": \"a\"}, {\"qdev_id\": 5, \"pci_bridge\": 3}, {\"qdev_id\": \"b\", \"pci_bridge\": {\"devices\": {}}}]}]")]
    public void An_answer_of_another_shape_finds_nothing(string buses) => Assert.False(PciTree.TryFind(JsonElement.Parse(buses), "a", "b", out _));
}
