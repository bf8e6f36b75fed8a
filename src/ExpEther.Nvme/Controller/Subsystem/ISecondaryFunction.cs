namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>The controller behind a VF, as its primary controller governs it.</summary>
internal interface ISecondaryFunction
{
    /// <summary>The VF is there: VF Enable is set and NumVFs is large enough.</summary>
    bool Exists { get; }

    /// <summary>What it may have from now on; it is offline.</summary>
    void Give(int queues, int interrupts);

    /// <summary>Its host may use it from now on; or not any more, which resets it.</summary>
    void SetOnline(bool online);
}
