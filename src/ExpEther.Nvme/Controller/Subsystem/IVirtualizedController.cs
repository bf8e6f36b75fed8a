namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>A controller whose resources, and if it is a secondary one whose state, its primary controller governs (NVMe 1.4 §8.5).</summary>
internal interface IVirtualizedController
{
    /// <summary>The VF is there: VF Enable is set and NumVFs is large enough.</summary>
    bool Exists { get; }

    /// <summary>How many queues, the admin queues among them, and interrupt vectors it has from now on; it has none in use.</summary>
    void Give(int queues, int interrupts);

    /// <summary>Of a secondary controller: its host may use it from now on; or not any more. Both reset it.</summary>
    void SetOnline(bool online);
}
